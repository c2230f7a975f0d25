// What goes into the zip of a job: every result, one after the other. What cannot be read is listed in missing.txt.

import type { Artifact, Task } from '../../../../client/index.ts';
import { taskFileName, UniqueNames } from './names.ts';

export interface ZipFile {
  name: string;
  input: Uint8Array<ArrayBuffer> | string;
  lastModified: Date;
}

export interface ZipProgress {
  /** Files that are done, missing ones included. */
  done: number;
  total: number;
  missing: number;
}

type ZipTask = Pick<Task, 'index' | 'name' | 'run' | 'output' | 'artifacts' | 'completedAt' | 'failedAt' | 'queuedAt'>;

/** Throws what ended the download on purpose, such as the user's signal; every other failure is a missing file. */
export type ReadArtifact = (task: ZipTask, artifact: Artifact) => Promise<Uint8Array<ArrayBuffer>>;

/** Thumbnails are no results. */
const wanted = ({ artifacts }: ZipTask): Artifact[] => artifacts.filter(({ name }) => name !== 'thumbnail');

/** A text result that the job holds itself becomes a file too. */
export const fileCount = (tasks: readonly ZipTask[]): number =>
  tasks.reduce((sum, task) => sum + wanted(task).length + (task.output === null ? 0 : 1), 0);

/** Of the artifacts. */
export const byteTotal = (tasks: readonly ZipTask[]): number =>
  tasks.flatMap(wanted).reduce((sum, { bytes }) => sum + bytes, 0);

/** At most one artifact is in memory at a time. */
export async function* zipContents(
  tasks: readonly ZipTask[],
  read: ReadArtifact,
  onProgress: (progress: ZipProgress) => void,
): AsyncGenerator<ZipFile, void, undefined> {
  const names = new UniqueNames();
  const missing: string[] = [];
  const total = fileCount(tasks);
  let done = 0;
  const report = (): void => onProgress({ done, total, missing: missing.length });
  report();
  for (const task of tasks) {
    const lastModified = new Date(task.completedAt ?? task.failedAt ?? task.queuedAt);
    if (task.output !== null) {
      const [text, mediaType] = outputText(task.output);
      done += 1;
      yield { name: names.take(taskFileName(task, { name: 'output', mediaType })), input: text, lastModified };
      report();
    }
    for (const artifact of wanted(task)) {
      const name = names.take(taskFileName(task, artifact));
      const bytes = await readOr(task, artifact, read, (why) => missing.push(`${name}: ${why}`));
      done += 1;
      if (bytes !== undefined) yield { name, input: bytes, lastModified };
      report();
    }
  }
  if (missing.length === 0) return;
  const input = `These results could not be read:\n\n${missing.join('\n')}\n`;
  yield { name: names.take('missing.txt'), input, lastModified: new Date() };
}

const outputText = (output: NonNullable<ZipTask['output']>): [string, string] =>
  typeof output === 'string' ? [output, 'text/plain'] : [`${JSON.stringify(output, null, 2)}\n`, 'application/json'];

async function readOr(
  task: ZipTask,
  artifact: Artifact,
  read: ReadArtifact,
  onMissing: (why: string) => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await read(task, artifact);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    onMissing(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
