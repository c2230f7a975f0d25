// Saves a job's artifacts. Each file is verified against its digest, written atomically, and never placed outside the
// folder, because file names derive from names that clients chose.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { GenwardenDownloadError, type GenwardenClient, type Job, type Task } from '../../client/index.ts';
import { fileName, safeName } from '../../client/fileNames.ts';
import { GenwardenError } from '../../job/errors/index.ts';

export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface DownloadJobOptions {
  /** The bytes come from the artifact store itself, if it is S3. */
  readonly redirect?: boolean | undefined;
  /** Ends the download, which then throws the signal's reason and leaves no part of a file. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each file once it is complete. */
  readonly onSaved?: (file: SavedFile) => void;
}

export const hasResult = ({ artifacts, output }: Task): boolean => artifacts.length > 0 || output !== null;

/**
 * Writes the artifacts of the job's tasks below `folder`, which is created if missing. A job with one task uses the folder
 * itself, a job with several tasks one subfolder per task. A text result is saved as `output.json`. Existing files with the
 * same names are replaced, unless they have the same bytes already.
 * Throws `InternalError` if bytes do not match their digest, `ServerUnreachable` if not all of them arrive, `DiskFull`, or `UsageError` if the folder cannot be written.
 */
export async function downloadJob(
  client: GenwardenClient,
  job: Job,
  folder: string,
  options: DownloadJobOptions = {},
): Promise<SavedFile[]> {
  const saved: SavedFile[] = [];
  for (const task of job.tasks ?? []) saved.push(...(await downloadTask(client, job, task, folder, options)));
  return saved;
}

/** The results of one task of the job, which has all its tasks; nothing if it has none. */
export async function downloadTask(
  client: GenwardenClient,
  job: Job,
  task: Task,
  folder: string,
  options: DownloadJobOptions = {},
): Promise<SavedFile[]> {
  if (!hasResult(task)) return [];
  const below = job.progress.total === 1 ? '' : folderNames(job.tasks ?? []).get(task.index)!;
  const target = await prepare(folder, below);
  const saved: SavedFile[] = [];
  for (const content of contents(client, job.id, task, options)) {
    options.signal?.throwIfAborted();
    const file = await save(target, content, options.signal);
    saved.push(file);
    options.onSaved?.(file);
  }
  return saved;
}

/** Writes the only artifact of the task to a file of that path, as `downloadJob` does. */
export async function saveArtifact(client: GenwardenClient, job: string, task: Task, path: string): Promise<SavedFile> {
  const [content] = contents(client, job, { ...task, output: null }, {});
  return save(dirname(path), { ...content!, name: basename(path) }, undefined);
}

/** Creates the folder to write to. Refuses a link below `folder` that leads out of it. */
async function prepare(folder: string, below: string): Promise<string> {
  const target = join(folder, below);
  await orUsageError(target, mkdir(target, { recursive: true }));
  const actual = relative(await realpath(folder), await realpath(target));
  if (actual === below) return target;
  throw new GenwardenError('UsageError', `${target} is a link that leads out of the folder; nothing was written there`);
}

interface Content {
  readonly name: string;
  /** For messages. */
  readonly what: string;
  /** The client checks those of an artifact while they are written. */
  readonly open: () => Promise<Uint8Array | AsyncIterable<Uint8Array>>;
  readonly size: number;
  /** `sha256:…` */
  readonly digest: string;
}

/** How long a download that was cut waits for the API, ms. */
const resumeForMs = 30_000;

function* contents(client: GenwardenClient, job: string, task: Task, options: DownloadJobOptions): Generator<Content> {
  const { redirect = false, signal } = options;
  for (const artifact of task.artifacts) {
    const what = `${artifact.name} of task ${task.index}`;
    const open = () =>
      client.download(job, task.index, artifact, { run: task.run, redirect, signal, giveUpAfterMs: resumeForMs });
    yield { name: fileName(artifact), what, open, size: artifact.bytes, digest: artifact.digest };
  }
  if (task.output === null) return;
  const bytes = Buffer.from(`${JSON.stringify(task.output, null, 2)}\n`);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const what = `the output of task ${task.index}`;
  yield { name: 'output.json', what, open: async () => bytes, size: bytes.length, digest };
}

/** Replaces an old file or a link atomically; nothing is written through a link. */
async function save(folder: string, content: Content, signal: AbortSignal | undefined): Promise<SavedFile> {
  const { name, what, open, size } = content;
  const path = join(folder, name);
  if (await isSaved(path, content)) return { path, bytes: size };
  const partial = join(folder, `.${name}.${process.pid}.part`);
  const bytes = await open();
  try {
    await orUsageError(path, orNotSaved(what, writeFile(partial, bytes, { flag: 'wx', signal })));
    await orUsageError(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true });
    signal?.throwIfAborted();
    throw error;
  }
  return { path, bytes: size };
}

/** The bytes are there from an earlier download. */
async function isSaved(path: string, { size, digest }: Content): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== size) return false;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return false;
  }
  return `sha256:${hash.digest('hex')}` === digest;
}

async function orNotSaved(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof GenwardenDownloadError)) throw error;
    if (error.code === 'Incomplete') {
      throw new GenwardenError('ServerUnreachable', `${error.message}; they were not saved`, { cause: error });
    }
    const message = `The bytes of ${what} do not match its digest; they were not saved`;
    throw new GenwardenError('InternalError', message, { cause: error });
  }
}

async function orUsageError(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof GenwardenError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new GenwardenError('DiskFull', `${path} was not saved: the disk is full`, { cause: error });
    }
    throw new GenwardenError('UsageError', `${path} cannot be written: ${error.message}`, { cause: error });
  }
}

/** A folder name for each task, by task index: the task's name or index, made unique. */
export function folderNames(tasks: readonly Pick<Task, 'index' | 'name'>[]): Map<number, string> {
  const taken = new Set<string>();
  const names = new Map<number, string>();
  for (const { index, name } of tasks) {
    const wanted = name === null ? String(index) : safeName(name);
    const folder = unused(wanted, index, taken);
    // Some file systems ignore case.
    taken.add(folder.toLowerCase());
    names.set(index, folder);
  }
  return names;
}

function unused(wanted: string, index: number, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 0; taken.has(name.toLowerCase()); count += 1) {
    name = count === 0 ? `${wanted}-${index}` : `${wanted}-${index}-${count}`;
  }
  return name;
}
