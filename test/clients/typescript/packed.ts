// The TypeScript client as it is published: packed, and installed into an empty folder without a network.

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '../../support/tempFolder.ts';

const run = promisify(execFile);
export const root = join(import.meta.dirname, '../../..');
const source = join(root, 'clients/typescript');
const quiet = ['--loglevel=error', '--no-audit', '--no-fund'];

export interface Installed extends AsyncDisposable {
  /** A folder whose only package is the client. */
  readonly project: string;
  readonly tarball: { readonly files: readonly string[]; readonly bytes: number };
  /** Packages in node_modules. */
  readonly packages: readonly string[];
  /** Runs a program in the project; rejects with its output when it fails. */
  run(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>;
  write(name: string, text: string): Promise<void>;
  /** Compiles the given files with `tsc`, strictly and with the types of all packages checked; rejects with its output. */
  compile(files: readonly string[], options: object, tsc?: string): Promise<void>;
}

/** Builds the package, packs it and installs the tarball. */
export async function installedClient(): Promise<Installed> {
  const folder = await tempFolder('client-package');
  const project = join(folder.path, 'project');
  await mkdir(project);
  await run('npm', [...quiet, 'pack', '--silent', '--pack-destination', folder.path], { cwd: source });
  const [name] = (await readdir(folder.path)).filter((file) => file.endsWith('.tgz'));
  const tarball = join(folder.path, name!);
  const { stdout: listing } = await run('tar', ['-tzf', tarball]);
  const inProject: Installed['run'] = (program, ...args) => run(program, args, { cwd: project });
  const write: Installed['write'] = (file, text) => writeFile(join(project, file), text);
  await write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
  await inProject('npm', ...quiet, 'install', '--offline', '--cache', join(folder.path, 'cache'), tarball);
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as { packages: object };
  return {
    project,
    tarball: { files: listing.trim().split('\n').toSorted(), bytes: (await readFile(tarball)).length },
    packages: Object.keys(lock.packages).filter((path) => path !== ''),
    run: inProject,
    write,
    compile: async (files, options, tsc = join(root, 'node_modules/.bin/tsc')) => {
      const compilerOptions = { target: 'es2022', strict: true, skipLibCheck: false, ...options };
      await write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
      await inProject(tsc, '-p', '.', '--pretty', 'false');
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** The oldest Node.js of this machine that the client supports. */
export async function oldestNode(): Promise<{ path: string; version: string }> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const found = [{ path: process.execPath, version: process.versions.node }];
  for (const folder of new Set(folders)) {
    const path = join(folder, 'node');
    const answer = await run(path, ['--version']).catch(() => undefined);
    if (answer !== undefined) found.push({ path, version: answer.stdout.trim().slice(1) });
  }
  const { engines } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { engines: { node: string } };
  const least = engines.node.replace('>=', '');
  const byAge = found.toSorted((a, b) => compare(a.version, b.version));
  return byAge.find(({ version }) => compare(version, least) >= 0)!;
}

const compare = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
