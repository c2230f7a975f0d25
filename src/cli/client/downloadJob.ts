// Saves what a job made: each artifact checked against its digest, written whole, and never outside of the folder.

import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { GenwardenClient, Job, Task } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { fileName, folderNames } from './fileNames.ts';

export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes the artifacts of the job's tasks below `folder`, which is made: a job with one task into the folder itself, one
 * with several into a folder a task. A text result is `output.json`. Earlier files of the same names are replaced.
 * Throws `InternalError` where bytes do not fit their digest, `UsageError` where the folder cannot be written.
 */
export async function downloadJob(client: GenwardenClient, job: Job, folder: string): Promise<SavedFile[]> {
  const tasks = job.tasks ?? [];
  const folders = folderNames(tasks);
  const saved: SavedFile[] = [];
  for (const task of tasks) {
    if (task.artifacts.length === 0 && task.output === null) continue;
    const below = job.progress.total === 1 ? '' : folders.get(task.index)!;
    const target = await prepare(folder, below);
    for await (const { name, bytes } of contents(client, job.id, task)) saved.push(await save(target, name, bytes));
  }
  return saved;
}

/** The folder to write to, once it is there. A link below `folder` that leads out of it is refused. */
async function prepare(folder: string, below: string): Promise<string> {
  const target = join(folder, below);
  await orRefuse(target, mkdir(target, { recursive: true }));
  const outward = relative(await realpath(folder), await realpath(target));
  if (outward === below) return target;
  throw new GenwardenError('UsageError', `${target} is a link that leads elsewhere; nothing was written there`);
}

async function* contents(
  client: GenwardenClient,
  job: string,
  task: Task,
): AsyncGenerator<{ name: string; bytes: Uint8Array }> {
  for (const artifact of task.artifacts) {
    const { bytes } = await client.downloadArtifact(job, task.index, artifact.name, { run: task.run });
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (digest !== artifact.digest) {
      const what = `${artifact.name} of task ${task.index}`;
      throw new GenwardenError('InternalError', `The bytes of ${what} do not fit their digest; they were not saved`);
    }
    yield { name: fileName(artifact), bytes };
  }
  if (task.output === null) return;
  yield { name: 'output.json', bytes: Buffer.from(`${JSON.stringify(task.output, null, 2)}\n`) };
}

/** A new file takes the place of an old one, or of a link, at once; nothing is written through a link. */
async function save(folder: string, name: string, bytes: Uint8Array): Promise<SavedFile> {
  const path = join(folder, name);
  const partial = join(folder, `.${name}.${process.pid}.part`);
  try {
    await orRefuse(path, writeFile(partial, bytes, { flag: 'wx' }));
    await orRefuse(path, rename(partial, path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { path, bytes: bytes.length };
}

async function orRefuse(path: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new GenwardenError('UsageError', `${path} cannot be written: ${error.message}`, { cause: error });
  }
}
