// Which tasks of a job a download has nothing of, why, and what to do about it.

import type { Job, Task } from '../../client/index.ts';
import { shellWord } from '../../config/shellWord.ts';
import { count, isOrAre } from '../../job/explain/format.ts';
import type { Io } from '../output/io.ts';
import { printable } from '../output/text.ts';
import { commandText } from './commandText.ts';
import { hasResult } from './downloadJob.ts';
import { taskName } from './waitText.ts';

const mostExplained = 5;

/** The tasks that failed or were cancelled. */
export const endedWithout = ({ tasks = [] }: Job): Task[] =>
  tasks.filter((task) => !hasResult(task) && (task.state === 'failed' || task.state === 'cancelled'));

/** Empty if there is a result of each task. */
export function missingLines(io: Pick<Io, 'connect'>, job: Job, folder: string): string[] {
  const { id, progress, tasks = [] } = job;
  const missing = tasks.filter((task) => !hasResult(task));
  if (missing.length === 0) return [];
  const subject =
    progress.total === 1
      ? `job ${id} has no result`
      : missing.length === progress.total
        ? `none of the ${progress.total} tasks of job ${id} has a result`
        : `${missing.length} of ${count(progress.total, 'task')} of job ${id} ${missing.length === 1 ? 'has' : 'have'} no result`;
  const more = missing.length - mostExplained;
  return [
    `genwarden: ${subject}: ${whyText(missing)}`,
    ...missing.slice(0, mostExplained).flatMap(whyMissing),
    ...(more > 0 ? [`  ${more} more ${isOrAre(more)} in \`${commandText(io, job, `get ${id}`)}\``] : []),
    ...nextSteps(io, job, folder),
  ];
}

/** `2 failed, 1 is running`. */
function whyText(missing: readonly Task[]): string {
  const states = [...Map.groupBy(missing, ({ state }) => state)];
  return states.map(([state, tasks]) => `${tasks.length} ${stateText(state, tasks.length)}`).join(', ');
}

function stateText(state: Task['state'], number: number): string {
  if (state === 'failed') return 'failed';
  if (state === 'cancelled') return `${number === 1 ? 'was' : 'were'} cancelled`;
  if (state === 'succeeded') return 'succeeded without one';
  return `${isOrAre(number)} ${state === 'needs_review' ? 'waiting for a review' : state}`;
}

function whyMissing(task: Task): string[] {
  const { error, state, message, waitingFor } = task;
  const name = taskName(task);
  if (state !== 'failed' || error === null)
    return [printable(`  ${name} is ${state}: ${waitingFor?.detail ?? message}`)];
  return [printable(`  ${name}: ${error.code}: ${error.message}`), printable(`    ${error.hint}`)];
}

function nextSteps(io: Pick<Io, 'connect'>, job: Job, folder: string): string[] {
  const { id, finishedAt } = job;
  const save = saveCommand(io, job, folder);
  if (finishedAt === null) return [`  Save the rest as it arrives: ${save}`];
  return endedWithout(job).length === 0
    ? []
    : [`  Run them again, and save what they make: ${commandText(io, job, `retry ${id}`)} && ${save}`];
}

/** Saves what a job has and will have. */
export const saveCommand = (io: Pick<Io, 'connect'>, job: Job, folder: string): string =>
  commandText(io, job, `download ${job.id} --to ${shellWord(folder)} --watch`);
