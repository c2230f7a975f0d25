// How to review the results of a job, for commands that end because it waits for a reviewer.

import type { Job, Task } from '../../client/index.ts';
import { clockOf, timeLeft } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import type { TableOptions } from '../output/table.ts';
import { hanging, shellCommand } from '../output/text.ts';
import { commandText } from './commandText.ts';
import { taskName } from './waitText.ts';

type Options = Pick<TableOptions, 'width'>;

const mostNamed = 5;

/** Empty if no result waits for a reviewer. `width`: of the terminal; absent: long lines stay whole. */
export function reviewLines(io: Pick<Io, 'now' | 'connect'>, job: Job, { width }: Options = {}): string[] {
  const tasks = (job.tasks ?? []).filter(({ state }) => state === 'needs_review');
  if (tasks.length === 0) return [];
  const more = tasks.length - mostNamed;
  const flagged = tasks.some(({ flags }) => flags !== undefined);
  const change = flagged ? 'tweak, which fixes what was flagged' : 'tweak --instruction TEXT';
  return [
    ...tasks.slice(0, mostNamed).flatMap((task) => taskLines(io, job, task, width)),
    ...(more > 0 ? [`and ${more} more:`, ...shellCommand(commandText(io, job, `get ${job.id}`), width)] : []),
    ...hanging('', `Instead of approve: reject, or ${change}`, width),
  ];
}

function taskLines(
  io: Pick<Io, 'now' | 'connect'>,
  job: Job,
  { name, index, dueAt, message, run }: Task,
  width: number | undefined,
): string[] {
  const now = io.now();
  const until = dueAt === null ? '' : ` until ${clockOf(dueAt, now)} (${timeLeft(dueAt, now)})`;
  return [
    ...hanging('', `${taskName({ index, name })} needs a review${until}: ${message}`, width),
    ...shellCommand(commandText(io, job, `review ${job.id} approve --task ${index} --run ${run}`), width),
  ];
}
