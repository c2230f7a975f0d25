// `kubectl genwarden get-picture`: saves the picture of a GenerationJob under the name that the user wants.

import type { Command } from 'commander';
import type { Job, Task } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { isJobId } from '../../job/ids.ts';
import { saveArtifact } from '../client/downloadJob.ts';
import { jobIdOf } from '../client/ids.ts';
import { clientCommand, resourcesOf, withClient } from '../client/session.ts';
import { formatBytes } from '../output/format.ts';
import { writeLine, type Io } from '../output/io.ts';
import { printable } from '../output/text.ts';

interface Options {
  readonly output: string;
  readonly task?: string;
}

export function addGetPicture(program: Command, io: Io): void {
  clientCommand(program, 'get-picture', 'Save the picture of a GenerationJob to a file')
    .argument('<name>', 'name of the GenerationJob, gj/NAME, or the whole id of a job')
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--task <task>', 'name or index of the task, if several have a picture')
    .action(
      withClient(io, async (client, name: string, { output, task, ...flags }: Options) => {
        const given = name.includes('/') || isJobId(name) ? name : `gj/${String(name)}`;
        const id = await jobIdOf(client, given, resourcesOf(io, flags));
        const job = await client.get(id);
        const { path, bytes } = await saveArtifact(client, job.id, pictureOf(job, task), output);
        writeLine(io.stdout, `${path} (${formatBytes(bytes)})`);
      }),
    );
}

/** The task with its picture as the only artifact. Throws `ArtifactNotFound` with the reason, or `UsageError` if there is a choice. */
function pictureOf(job: Job, wanted: string | undefined): Task {
  const tasks = (job.tasks ?? []).filter(
    (task) => wanted === undefined || nameOf(task) === wanted || String(task.index) === wanted,
  );
  const found = tasks.flatMap((task) => {
    const picture = task.artifacts.find(({ name, mediaType }) => name === 'image' && mediaType.startsWith('image/'));
    return picture === undefined ? [] : [{ ...task, artifacts: [picture] }];
  });
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new GenwardenError('ArtifactNotFound', whyNone(job, tasks));
  const names = found.map((task) => printable(nameOf(task)));
  const shown = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
  throw new GenwardenError(
    'UsageError',
    `Several tasks have a picture: choose one with --task (${shown}), or use download`,
  );
}

const nameOf = ({ name, index }: Task): string => name ?? String(index);

function whyNone({ id, state }: Job, [task]: readonly Task[]): string {
  if (task === undefined) return `Job ${id} has no such task`;
  return `Job ${id} has no picture: it is ${state}${task.message === null ? '' : `; ${printable(task.message)}`}`;
}
