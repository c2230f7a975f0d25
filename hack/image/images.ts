// The images of the test cluster, assembled from files of this machine without a registry or Docker.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packImage } from './archive.ts';
import { applicationConfig, applicationPaths, programs, systemFiles } from './contents.ts';
import { sourcesBefore } from './releaseBefore.ts';
import { addAccounts, addFile, addLibraries, addProgram, onPath } from './system.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** By the name of the tarball: the image's name, and a function that writes it to a file, given an empty work folder. */
export const images = {
  genwarden: { name: 'reg.local/genwarden:test', pack: packApplication },
  nats: { name: 'reg.local/nats:2.15.2', pack: packNats },
  pause: { name: 'reg.local/pause:1', pack: packPause },
  before: { name: 'reg.local/genwarden:before', pack: packBefore },
};

/** Those that every node has; others are packed when they are named. */
export const nodeImages: readonly (keyof typeof images)[] = ['genwarden', 'nats', 'pause'];

function packApplication(file: string, name: string, workFolder: string): Promise<void> {
  return packSources(root, file, name, workFolder);
}

/** The application of the release before this one. */
async function packBefore(file: string, name: string, workFolder: string): Promise<void> {
  const sources = join(workFolder, 'sources');
  await sourcesBefore(sources);
  await packSources(sources, file, name, workFolder);
}

/** Matches the final stage of the Dockerfile, on a minimal base. Layers that change least come first. */
async function packSources(sources: string, file: string, name: string, workFolder: string): Promise<void> {
  const base = join(workFolder, 'base');
  const application = join(workFolder, 'application');
  await mkdir(application, { recursive: true });
  const modules = await productionModules();
  await Promise.all([addBase(base, modules), addApplication(application, sources)]);
  await packImage(
    file,
    name,
    [{ folder: base }, { folder: root, only: modules, under: 'app/' }, { folder: application, under: 'app/' }],
    applicationConfig,
    workFolder,
  );
}

async function addBase(folder: string, modules: readonly string[]): Promise<void> {
  await addAccounts(folder, 'genwarden', 10001);
  await addProgram(folder, join(root, 'node_modules/node/bin/node'), '/usr/local/bin/node');
  for (const program of programs) await addProgram(folder, onPath(program), `/bin/${program}`);
  for (const native of await nativeFiles(modules)) await addLibraries(folder, native);
  for (const file of systemFiles) await addFile(folder, file, file);
}

/** Native modules and their libraries. */
async function nativeFiles(modules: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of modules) {
    const files = await readdir(join(root, path), { recursive: true });
    found.push(
      ...files.filter((file) => /\.(?:node|so(?:\.[\d.]+)?)$/.test(file)).map((file) => join(root, path, file)),
    );
  }
  return found;
}

/** Our own files without node_modules. Compiles the sources, and leaves their dist alone. */
async function addApplication(folder: string, sources: string): Promise<void> {
  for (const path of applicationPaths) {
    if (path === 'node_modules' || path === 'dist') continue;
    await cp(join(sources, path), join(folder, path), { recursive: true });
  }
  await compile(join(folder, 'dist'), sources);
}

/** Type errors are printed but do not stop the build: `make test` reports them. */
async function compile(folder: string, sources: string): Promise<void> {
  const tsc = join(root, 'node_modules/.bin/tsc');
  await run(tsc, ['-p', join(sources, 'tsconfig.build.json'), '--outDir', folder]).catch(
    (error: { stdout: string }) => {
      process.stderr.write(`genwarden image: the types do not check:\n${error.stdout}`);
    },
  );
  const bundle = join(sources, 'hack/build-bundle.ts');
  // The release before this one had none.
  if (existsSync(bundle)) await run(process.execPath, [bundle, folder]);
  if (!existsSync(join(folder, 'cli/main.js'))) throw new Error('the build left no dist/cli/main.js');
  await run(process.execPath, [join(sources, 'hack/build-console.ts'), join(folder, 'console')]);
}

interface InstalledPackages {
  packages: Record<string, { dev?: boolean }>;
}

/** Paths of the installed packages that npm recorded as needed at run time: those that `npm prune` keeps. */
export async function productionModules(): Promise<string[]> {
  const recorded = await readFile(join(root, 'node_modules/.package-lock.json'), 'utf8');
  const { packages } = JSON.parse(recorded) as InstalledPackages;
  const paths = Object.entries(packages)
    .filter(([, { dev }]) => dev !== true)
    .map(([path]) => path);
  // A nested package is copied with its parent.
  return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
}

/** Laid out like the official image: the program at /nats-server, which is on the PATH, with arguments only. */
async function packNats(file: string, name: string, workFolder: string): Promise<void> {
  const folder = join(workFolder, 'nats');
  await addAccounts(folder, 'nats', 10001);
  await addProgram(folder, natsServer(), '/nats-server');
  await packImage(
    file,
    name,
    [{ folder }],
    { entrypoint: ['/nats-server'], env: { PATH: '/usr/local/bin:/usr/bin:/bin:/' } },
    workFolder,
  );
}

function natsServer(): string {
  const cached = join(homedir(), '.cache/genwarden/nats-server-2.15.2/nats-server');
  return existsSync(cached) ? cached : onPath('nats-server');
}

/** The pause process of a pod only has to stay alive, so `sleep` suffices. It ends by SIGKILL. */
async function packPause(file: string, name: string, workFolder: string): Promise<void> {
  const folder = join(workFolder, 'pause');
  await addProgram(folder, onPath('sleep'), '/pause');
  await packImage(file, name, [{ folder }], { user: '65535:65535', entrypoint: ['/pause', 'infinity'] }, workFolder);
}
