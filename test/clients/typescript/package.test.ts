// The published TypeScript client: one small package without dependencies, whose types and code work where it is installed.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import clientJson from '../../../clients/typescript/package.json' with { type: 'json' };
import { startInstallation } from '../../support/installation.ts';
import { consumer } from './consumer.ts';
import { installedClient, oldestNode, root, type Installed } from './packed.ts';

let client: Installed;
beforeAll(async () => void (client = await installedClient()));
afterAll(() => client[Symbol.asyncDispose]());

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

test('it installs one package, without a network, that has only what is needed', async () => {
  const { tarball, packages } = client;
  console.log(
    `@genwarden/client ${clientJson.version}: ${packages.length} package, ${kb(tarball.bytes)} packed, ${kb(await installedBytes())} installed`,
  );
  expect(packages).toEqual(['node_modules/@genwarden/client']);
  const others = tarball.files.filter((file) => !/^package\/dist\/[\w/]+\.(?:js|d\.ts|js\.map)$/.test(file));
  expect(others).toEqual(['package/LICENSE', 'package/README.md', 'package/package.json']);
  expect(tarball.bytes).toBeLessThan(150_000);
  expect(clientJson).toMatchObject({ version: packageJson.version, sideEffects: false, license: packageJson.license });
  expect(clientJson).not.toHaveProperty('dependencies');
  expect(await read('clients/typescript/LICENSE')).toBe(await read('LICENSE'));
});

const kb = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`;
const installedFolder = (): string => join(client.project, 'node_modules/@genwarden/client');

async function installedFiles(): Promise<{ name: string; text: string }[]> {
  const found = await readdir(installedFolder(), { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(paths.map(async (name) => ({ name, text: await readFile(name, 'utf8') })));
}

const installedBytes = async (): Promise<number> =>
  (await installedFiles()).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

test('its files import only each other, need no Node.js, and name no folder of this machine', async () => {
  const files = await installedFiles();
  const code = files.filter(({ name }) => /\.(?:js|d\.ts)$/.test(name));
  expect(code.length).toBeGreaterThan(20);
  for (const { name, text } of code) {
    const bare = text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
    const imported = [...bare.matchAll(/(?:from|import)\s*\(?['"]([^'"]+)['"]/g)].map(([, from = '']) => from);
    expect([name, imported.filter((from) => !/^\.\.?\/[\w./]+\.[jt]s$/.test(from))]).toEqual([name, []]);
    const ofNode = /\b(?:process|Buffer|require|__dirname|NodeJS)\b/.exec(bare)?.[0];
    expect([name, ofNode]).toEqual([name, undefined]);
  }
  for (const { name, text } of files) {
    for (const folder of [root, tmpdir(), homedir()]) expect([name, text.includes(folder)]).toEqual([name, false]);
  }
  const maps = files.filter(({ name }) => name.endsWith('.map')).map(({ text }) => JSON.parse(text) as SourceMap);
  for (const { sources, sourcesContent } of maps) {
    expect(sources.every((one) => one.startsWith('../'))).toBe(true);
    expect(sourcesContent).toHaveLength(sources.length);
  }
});

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly string[];
}

test('its types pass strict checks with either module resolution, with the types of browsers and of Node.js', async () => {
  await client.write('use.ts', consumer);
  const resolutions = [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }];
  const environments = [
    { lib: ['es2023', 'dom', 'dom.iterable'], types: [] },
    { lib: ['es2023'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  ];
  for (const [index, resolution] of resolutions.entries()) {
    await client.compile(['use.ts'], { ...resolution, ...environments[index], noEmit: true });
  }
  const older = join(await openapiTools(), 'tsc');
  await client.compile(['use.ts'], { ...resolutions[0], ...environments[0], noEmit: true }, older);
  await client.write('wrong.ts', `import { noSuchExport } from '@genwarden/client';\nvoid noSuchExport;\n`);
  const wrong = client.compile(['wrong.ts'], { ...resolutions[0], ...environments[0], noEmit: true });
  await expect(wrong).rejects.toMatchObject({ stdout: expect.stringContaining('noSuchExport') });
});

/** They have an older TypeScript. */
async function openapiTools(): Promise<string> {
  const { stdout } = await promisify(execFile)(join(root, 'hack/install-openapi-tools.sh'));
  return /^openapi tools: (\S+\/\.bin)$/m.exec(stdout)![1]!;
}

test('a compiled program works with it on the oldest Node.js that is here, with a real API', async () => {
  const { url } = await startInstallation();
  await client.write('use.ts', consumer);
  await client.compile(['use.ts'], { module: 'nodenext', lib: ['es2023', 'dom', 'dom.iterable'], types: [] });
  await client.write(
    'run.js',
    `import { use } from './use.js';\nconsole.log(JSON.stringify(await use(process.argv[2])));\n`,
  );
  const node = await oldestNode();
  const { stdout } = await client.run(node.path, 'run.js', url);
  console.log(`@genwarden/client on Node.js ${node.version}: ${stdout.trim()}`);
  expect(JSON.parse(stdout)).toEqual({
    version: packageJson.version,
    seen: ['a true', 'b true'],
    bytes: expect.any(Number),
    state: 'succeeded',
    finished: true,
    code: 'JobNotFound',
  });
});

test('the main package exports the same client', async () => {
  expect(packageJson.exports['./client'].default).toBe('./dist/client/index.js');
  expect(await read('src/client/index.ts')).toContain('GenwardenClient');
});
