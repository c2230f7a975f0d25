// What is published works where it is installed: the command runs, the client imports, its types check.
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { startNatsServer } from './support/natsServer.ts';
import { startProcess } from './support/process.ts';
import { tempFolder } from './support/tempFolder.ts';
import type { TempFolder } from './support/tempFolder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

let folder: TempFolder;
let packed: { name: string; files: string[] };

/** Runs a program in the folder that depends on the package; rejects with its output when it fails. */
const inProject = (program: string, ...args: string[]): Promise<{ stdout: string }> =>
  run(program, args, { cwd: join(folder.path, 'project') });

beforeAll(async () => {
  folder = await tempFolder('package');
  packed = await pack(folder.path);
  const project = join(folder.path, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
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
});

describe('the installed command', () => {
  test('prints its version', async () => {
    const { stdout } = await inProject('node_modules/.bin/genwarden', '--version');
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
  const program = join(folder.path, 'project/node_modules/.bin/genwarden');
  await using api = await startProcess(program, ['api'], { env, readyWhen: /API on http/, timeoutMs: 60_000 });
  const url = /API on (http:[^"\s]+)/.exec(api.lines.join('\n'))![1]!;
  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const script = /src="([^"]+\.js)"/.exec(await page.text())![1]!;
  const served = await fetch(new URL(script, `${url}/`), { headers: { 'accept-encoding': 'br' } });
  expect([served.status, served.headers.get('content-encoding')]).toEqual([200, 'br']);
});

test('the built files check schemas in a thread', async () => {
  const built = join(folder.path, 'project/node_modules/genwarden/dist/adapters/jsonSchema/index.js');
  const script = `const { jsonSchemaChecker } = await import(${JSON.stringify(built)});
    console.log(JSON.stringify(await jsonSchemaChecker().check({ pattern: '^(a+)+$' }, 'a'.repeat(40) + '!')));`;
  const { stdout } = await inProject(process.execPath, '--input-type=module', '-e', script);
  expect(JSON.parse(stdout)).toEqual({ verdict: 'differs', problem: '/ must match pattern "^(a+)+$"' });
});

describe('genwarden/client', () => {
  test('is imported by a module', async () => {
    const script = `import * as client from 'genwarden/client'; console.log(Object.keys(client).length)`;
    const { stdout } = await inProject(process.execPath, '--input-type=module', '-e', script);
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  test('has types that pass strict checks, and refuse what does not exist', async () => {
    const project = join(folder.path, 'project');
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }));
    const tsc = join(root, 'node_modules/.bin/tsc');

    await writeFile(
      join(project, 'use.ts'),
      `import * as client from 'genwarden/client';\nexport const all = client;\n`,
    );
    await inProject(tsc, '-p', '.');

    await writeFile(join(project, 'use.ts'), `import { noSuchExport } from 'genwarden/client';\nvoid noSuchExport;\n`);
    await expect(inProject(tsc, '-p', '.')).rejects.toMatchObject({ stdout: expect.stringContaining('noSuchExport') });
  });
});
