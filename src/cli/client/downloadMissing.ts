// Which tasks of a job a download has nothing of, why, and what to do about it.

import type { Job, Task } from '../../client/index.ts';
import { count, isOrAre } from '../../job/explain/format.ts';
import { printable } from '../output/text.ts';
import { hasResult } from './downloadJob.ts';
import { taskName } from './waitText.ts';

const mostExplained = 5;

/** The tasks that failed or were cancelled. */
export const endedWithout = ({ tasks = [] }: Job): Task[] =>
  tasks.filter((task) => !hasResult(task) && (task.state === 'failed' || task.state === 'cancelled'));

/** Empty if there is a result of each task. */
export function missingLines(job: Job, folder: string): string[] {
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
    ...(more > 0 ? [`  ${more} more ${isOrAre(more)} in \`genwarden get ${id}\``] : []),
    ...nextSteps(job, folder),
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

function nextSteps(job: Job, folder: string): string[] {
  const { id, finishedAt } = job;
  const save = `genwarden download ${id} --to ${shellWord(folder)} --watch`;
  if (finishedAt === null) return [`  Save the rest as it arrives: ${save}`];
  return endedWithout(job).length === 0
    ? []
    : [`  Run them again, and save what they make: genwarden retry ${id} && ${save}`];
}

/** For a command to copy. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
