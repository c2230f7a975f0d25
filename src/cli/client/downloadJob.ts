// Saves a job's artifacts. Each file is verified against its digest, written atomically, and never placed outside the
// folder, because file names derive from names that clients chose.

import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { GenwardenDownloadError, type GenwardenClient, type Job, type Task } from '../../client/index.ts';
import { fileName, safeName } from '../../client/fileNames.ts';
import { GenwardenError } from '../../job/errors/index.ts';

export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes the artifacts of the job's tasks below `folder`, which is created if missing. A job with one task uses the folder
 * itself, a job with several tasks one subfolder per task. A text result is saved as `output.json`. Existing files with the
 * same names are replaced. `redirect`: the bytes come from the artifact store itself, if it is S3.
 * Throws `InternalError` if bytes do not match their digest, `ServerUnreachable` if not all of them arrive, `DiskFull`, or `UsageError` if the folder cannot be written.
 */
export async function downloadJob(
  client: GenwardenClient,
  job: Job,
  folder: string,
  { redirect = false }: { readonly redirect?: boolean | undefined } = {},
): Promise<SavedFile[]> {
  const tasks = job.tasks ?? [];
  const folders = folderNames(tasks);
  const saved: SavedFile[] = [];
  for (const task of tasks) {
    if (task.artifacts.length === 0 && task.output === null) continue;
    const below = job.progress.total === 1 ? '' : folders.get(task.index)!;
    const target = await prepare(folder, below);
    for await (const content of contents(client, job.id, task, redirect)) saved.push(await save(target, content));
  }
  return saved;
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
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
  readonly size: number;
}

/** How long a download that was cut waits for the API, ms. */
const resumeForMs = 30_000;

async function* contents(client: GenwardenClient, job: string, task: Task, redirect: boolean): AsyncGenerator<Content> {
  for (const artifact of task.artifacts) {
    const what = `${artifact.name} of task ${task.index}`;
    const options = { run: task.run, redirect, giveUpAfterMs: resumeForMs };
    const bytes = await client.download(job, task.index, artifact, options);
    yield { name: fileName(artifact), what, bytes, size: artifact.bytes };
  }
  if (task.output === null) return;
  const bytes = Buffer.from(`${JSON.stringify(task.output, null, 2)}\n`);
  yield { name: 'output.json', what: `the output of task ${task.index}`, bytes, size: bytes.length };
}

/** Replaces an old file or a link atomically; nothing is written through a link. */
async function save(folder: string, { name, what, bytes, size }: Content): Promise<SavedFile> {
  const path = join(folder, name);
  const partial = join(folder, `.${name}.${process.pid}.part`);
  try {
    await orUsageError(path, orNotSaved(what, writeFile(partial, bytes, { flag: 'wx' })));
    await orUsageError(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { path, bytes: size };
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
