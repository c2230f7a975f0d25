// What is published works where it is installed: the command runs, the client imports, its types check.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { findNatsServer } from '../src/processes/dev/natsBinary.ts';
import { startNatsServer } from './support/natsServer.ts';
import { startProcess } from './support/process.ts';
import { tempFolder } from './support/tempFolder.ts';
import type { TempFolder } from './support/tempFolder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

let folder: TempFolder;
let packed: { name: string; files: string[] };

/** Paths with spaces work everywhere. */
const project = (): string => join(folder.path, 'empty folder');

const installed = (path: string): string => join(project(), 'node_modules/genwarden/dist', path);

/** Runs a program in the folder that depends on the package; rejects with its output when it fails. */
const inProject = (program: string, ...args: string[]): Promise<{ stdout: string }> =>
  run(program, args, { cwd: project() });

beforeAll(async () => {
  folder = await tempFolder('package');
  packed = await pack(folder.path);
  await mkdir(project());
  await writeFile(join(project(), 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  await inProject('npm', ...quiet, 'install', '--prefer-offline', join(folder.path, packed.name));
}, 300_000);

afterAll(() => folder.remove());

const quiet = ['--loglevel=error', '--no-audit', '--no-fund'];

/** The tarball, built anew by `prepack`, in `destination`. */
async function pack(destination: string): Promise<{ name: string; files: string[] }> {
  await run('npm', [...quiet, 'pack', '--silent', '--pack-destination', destination], { cwd: root });
  const [name] = (await readdir(destination)).filter((file) => file.endsWith('.tgz'));
  const { stdout } = await run('tar', ['-tzf', join(destination, name!)]);
  return { name: name!, files: stdout.trim().split('\n') };
}

test('the package has built files, types and license, and no development files', () => {
  const expected = [
    'bin/genwarden',
    'dist/cli/main.js',
    'dist/client/index.d.ts',
    'dist/console/index.html',
    'dist/console/index.html.br',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ];
  expect(packed.files).toEqual(expect.arrayContaining(expected.map((file) => `package/${file}`)));
  expect(packed.files.filter((file) => /package\/(?:src|test|hack|bench|node_modules)\//.test(file))).toEqual([]);
  const unused = /^package\/dist\/(?!client\/).*\.d\.ts(?:\.map)?$/;
  expect(packed.files.filter((file) => unused.test(file))).toEqual([]);
});

describe('the installed command', () => {
  test('prints its version', async () => {
    const { stdout } = await inProject('npx', 'genwarden', '--version');
    expect(stdout.trim()).toBe(packageJson.version);
  });

  test('lists its commands', async () => {
    const { stdout } = await inProject('node_modules/.bin/genwarden', '--help');
    for (const command of ['dev', 'api', 'worker', 'controller', 'submit', 'watch']) {
      expect(stdout).toMatch(new RegExp(`^\\s+${command}\\b`, 'm'));
    }
  });
});

test('the installed command serves the console', async () => {
  await using nats = await startNatsServer();
  const env = { GENWARDEN_NATS_URL: nats.url, GENWARDEN_HTTP_PORT: '0', GENWARDEN_METRICS_PORT: '0' };
  const program = join(project(), 'node_modules/.bin/genwarden');
  await using api = await startProcess(program, ['api'], { env, readyWhen: /API on http/, timeoutMs: 60_000 });
  const url = /API on (http:[^"\s]+)/.exec(api.lines.join('\n'))![1]!;
  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const script = /src="([^"]+\.js)"/.exec(await page.text())![1]!;
  const served = await fetch(new URL(script, `${url}/`), { headers: { 'accept-encoding': 'br' } });
  expect([served.status, served.headers.get('content-encoding')]).toEqual([200, 'br']);
});

test('dev draws a first picture where there is neither nats-server nor Go, from a release that it downloads', async () => {
  await using releases = await serveRelease();
  const bin = await folderWith(['node', 'sh', 'readlink', 'dirname', 'sed', 'tar', 'gzip']);
  const home = join(folder.path, 'home');
  await mkdir(home);
  const env = { PATH: bin, HOME: home, GENWARDEN_HTTP_PORT: '0', GENWARDEN_METRICS_PORT: '0' };
  const program = join(project(), 'node_modules/.bin/genwarden');
  await using dev = await startProcess(program, ['dev'], {
    env,
    cwd: project(),
    timeoutMs: 60_000,
    readyWhen: /API on http/,
  });
  expect(dev.lines.filter((line) => line.includes('nats-server was not found'))).toEqual([
    expect.stringMatching(/downloading 2\.15\.0 \(about 7 MB\) into ~\/\.cache\/genwarden, once/),
  ]);
  expect(releases.requests()).toBe(1);
  const url = /API on (http:[^"\s]+)/.exec(dev.lines.join('\n'))![1]!;
  const submit = ['submit', '--url', url, '--prompt', 'a front yard', '--wait', '-o', 'json'];
  const { stdout } = await run(program, submit, { cwd: project() });
  expect(JSON.parse(stdout)).toMatchObject({ state: 'succeeded', tasks: [{ artifacts: [{ name: 'image' }, {}, {}] }] });
});

/** The installed package gets another release: this machine's nats-server, from a server of this test. */
async function serveRelease(): Promise<AsyncDisposable & { requests(): number }> {
  const name = 'nats-server-test';
  const archive = join(folder.path, `${name}.tar.gz`);
  await mkdir(join(folder.path, name));
  await symlink(process.env['GENWARDEN_NATS_SERVER'] ?? findNatsServer()!, join(folder.path, name, 'nats-server'));
  await run('tar', ['-czhf', archive, '-C', folder.path, name]);
  const bytes = await readFile(archive);
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.tar.gz`;
  const release = { version: '2.15.0', url, name, sha256: createHash('sha256').update(bytes).digest('hex') };
  const [bundle, text] = await builtWith('function natsRelease(');
  await writeFile(
    bundle,
    text.replace('function natsRelease(', `$&) { return ${JSON.stringify(release)}; }\nvoid function(`),
  );
  return { requests: () => requests, [Symbol.asyncDispose]: async () => void server.close() };
}

/** The file of the installed package with this text, and what it contains. */
async function builtWith(text: string): Promise<[path: string, content: string]> {
  const chunks = installed('chunks');
  for (const name of (await readdir(chunks)).filter((file) => file.endsWith('.js'))) {
    const content = await readFile(join(chunks, name), 'utf8');
    if (content.includes(text)) return [join(chunks, name), content];
  }
  throw new Error(`no file in ${chunks} contains ${text}`);
}

/** A folder for PATH that has these programs and no other. */
async function folderWith(programs: string[]): Promise<string> {
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  for (const program of programs) {
    const path =
      program === 'node' ? process.execPath : (await run('sh', ['-c', `command -v ${program}`])).stdout.trim();
    await symlink(path, join(bin, program));
  }
  return bin;
}

test('the built files check schemas in a thread', async () => {
  const request = { schema: '{ "pattern": "^(a+)+$" }', value: JSON.stringify(`${'a'.repeat(40)}!`) };
  const answer = await withThread(`await thread.run(${JSON.stringify(request)}, limit)`);
  expect(answer).toEqual({ outcome: 'answered', answer: { problem: '/ must match pattern "^(a+)+$"' } });
});

test('every part that a program loads later can be loaded', async () => {
  const parts = (await readdir(installed('chunks'))).filter((name) => /^(?!chunk-).*\.js$/.test(name));
  expect(parts.length).toBeGreaterThan(20);
  const paths = parts.map((name) => installed(`chunks/${name}`));
  const script = `for (const path of ${JSON.stringify(paths)}) await import(path); console.log('loaded'); process.exit();`;
  const { stdout } = await inProject(process.execPath, '--input-type=module', '-e', script);
  expect(stdout).toBe('loaded\n');
});

test('source maps name the lines of the sources', async () => {
  const stack = await withThread(
    'await thread.run.call(undefined).catch((error) => error.stack)',
    '--enable-source-maps',
  );
  expect(stack).toMatch(/src\/adapters\/jsonSchema\/checkThread\.ts:\d+:\d+/);
});

test('the licenses of the bundled packages are passed on', async () => {
  const licenses = await readFile(installed('licenses.txt'), 'utf8');
  for (const name of ['@nats-io/nats-core', 'fastify', 'zod']) expect(licenses).toMatch(new RegExp(`^${name}\n`, 'm'));
});

/** Evaluates the expression in the installed package, where `thread` checks schemas. */
async function withThread(expression: string, ...flags: string[]): Promise<unknown> {
  const script = `const { CheckThread } = await import(${JSON.stringify(installed('threads/schemaChecks.js'))});
    const limit = { fullMs: 10_000, shortMs: 10_000, isShort: false, extend: () => undefined };
    const thread = new CheckThread();
    console.log(JSON.stringify(${expression}));
    await thread.close();`;
  const { stdout } = await inProject(process.execPath, ...flags, '--input-type=module', '-e', script);
  return JSON.parse(stdout) as unknown;
}

describe('genwarden/client', () => {
  test('is imported by a module', async () => {
    const script = `import * as client from 'genwarden/client'; console.log(Object.keys(client).length)`;
    const { stdout } = await inProject(process.execPath, '--input-type=module', '-e', script);
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  test('has types that pass strict checks, and refuse what does not exist', async () => {
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] };
    await writeFile(join(project(), 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
    const tsc = join(root, 'node_modules/.bin/tsc');

    await writeFile(
      join(project(), 'use.ts'),
      `import * as client from 'genwarden/client';\nexport const all = client;\n`,
    );
    await inProject(tsc, '-p', '.');

    await writeFile(
      join(project(), 'use.ts'),
      `import { noSuchExport } from 'genwarden/client';\nvoid noSuchExport;\n`,
    );
    await expect(inProject(tsc, '-p', '.')).rejects.toMatchObject({ stdout: expect.stringContaining('noSuchExport') });
  });
});
