// The data folder of `genwarden dev`: one process uses it at a time, and leaves its version and address in it. Problems of the
// folder become one sentence each.

import { constants, existsSync } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { version } from '../../config/version.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { commandLine } from './childProcess.ts';

interface Note {
  /** Of the Genwarden that used the folder last. */
  readonly version?: string;
  /** The address of its API, or of its console. */
  readonly url?: string;
}

const pidFile = (folder: string): string => join(folder, 'dev.pid');
const noteFile = (folder: string): string => join(folder, 'dev.json');

/**
 * Locks the folder, which is created if it is missing, and returns the function that unlocks it. Throws `DataDirInUse` while another
 * process uses it and `DataDirNewer` if a newer version did; errors of the file system unchanged.
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder);
  await checkRights(folder);
  const file = pidFile(folder);
  const note = await readNote(folder);
  const holder = Number(await readFile(file, 'utf8').catch(notFound));
  if (holder > 0 && holder !== process.pid && isGenwarden(holder)) throw inUse(folder, note, holder);
  if (isNewer(note.version, version)) throw newer(folder, note.version!);
  await rm(file, { force: true });
  await writeFile(file, String(process.pid), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? inUse(folder, note) : error;
  });
  await writeNote(folder, { version });
  return () => rm(file, { force: true });
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // On a read-only disk, Node says that the folder above does not exist.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') await mkdir(firstMissing(resolve(folder)));
    throw error;
  }
}

const firstMissing = (path: string): string => (existsSync(dirname(path)) ? path : firstMissing(dirname(path)));

/** Otherwise nats-server would find it, after a `dev` of another user. */
async function checkRights(folder: string): Promise<void> {
  for (const path of [
    folder,
    join(folder, 'nats'),
    join(folder, 'nats', 'store'),
    join(folder, 'nats', 'store', 'jetstream'),
  ])
    if (existsSync(path)) await access(path, constants.W_OK);
}

/** Another `dev` that wants the same folder says this address; on a full disk it cannot. */
export const noteAddress = (folder: string, url: string): Promise<void> =>
  writeNote(folder, { version, url }).catch(() => undefined);

const writeNote = (folder: string, note: Note): Promise<void> =>
  writeFile(noteFile(folder), `${JSON.stringify(note)}\n`, { mode: 0o600 });

async function readNote(folder: string): Promise<Note> {
  const text = await readFile(noteFile(folder), 'utf8').catch(notFound);
  try {
    return JSON.parse(text) as Note;
  } catch {
    return {};
  }
}

function notFound(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error;
  return '';
}

const isGenwarden = (pid: number): boolean => /genwarden|cli\/main/.test(commandLine(pid));

function inUse(folder: string, { url }: Note, holder?: number): GenwardenError {
  const who = holder === undefined ? 'Another process' : `Process ${holder}`;
  const what = url === undefined || holder === undefined ? '' : ` (\`genwarden dev\` at ${url})`;
  return new GenwardenError('DataDirInUse', `${who}${what} uses the data folder ${folder}`);
}

const newer = (folder: string, by: string): GenwardenError =>
  new GenwardenError('DataDirNewer', `Genwarden ${by} used the data folder ${folder} last; this is ${version}`);

/** Whether the major or the minor version is newer. Patches read each other's data. */
function isNewer(one: string | undefined, than: string): boolean {
  const [major = NaN, minor = NaN] = (one ?? '').split('.').map(Number);
  const [ownMajor = 0, ownMinor = 0] = than.split('.').map(Number);
  return major > ownMajor || (major === ownMajor && minor > ownMinor);
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a read-only disk',
  ENOENT: 'its path leads nowhere',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'it is a file',
  ELOOP: 'its path is a loop of links',
  ENAMETOOLONG: 'its path is too long',
};

/** `DataDirNotWritable` for an error of the file system that is about the folder or what is in it; other errors unchanged. */
export function explainFolderError(folder: string, error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  const reason = reasons[code];
  if (reason === undefined || path === undefined || !isAbout(folder, path)) return error;
  const place = resolve(path) === resolve(folder) || code === 'ENOTDIR' ? '' : ` (${path})`;
  const message = `The data folder ${folder} cannot be used: ${reason}${place}`;
  return new GenwardenError('DataDirNotWritable', message, { cause: error });
}

/** The path is in the folder, or above it. */
function isAbout(folder: string, path: string): boolean {
  const [inner, outer] = [`${resolve(path)}/`, `${resolve(folder)}/`];
  return inner.startsWith(outer) || outer.startsWith(inner);
}
