// How to review the results of a job, for commands that end because it waits for a reviewer.

import type { Job, Task } from '../../client/index.ts';
import type { TableOptions } from '../output/table.ts';
import { hanging, shellCommand } from '../output/text.ts';
import { taskName } from './waitText.ts';

const mostNamed = 5;

/** Empty if no result waits for a reviewer. `width`: of the terminal; absent: long lines stay whole. */
export function reviewLines(job: Job, { width }: Pick<TableOptions, 'width'> = {}): string[] {
  const tasks = (job.tasks ?? []).filter(({ state }) => state === 'needs_review');
  const more = tasks.length - mostNamed;
  return [
    ...tasks.slice(0, mostNamed).flatMap((task) => taskLines(job, task, width)),
    ...(more > 0 ? [`  … and ${more} more: genwarden get ${job.id}`] : []),
  ];
}

function taskLines({ id }: Job, task: Task, width: number | undefined): string[] {
  const decisions = task.flags === undefined ? 'approve|reject|tweak --instruction TEXT' : 'approve|reject|tweak';
  return [
    ...hanging('', `${taskName(task)} needs a review until ${task.dueAt ?? 'its job ends'}: ${task.message}`, width),
    ...shellCommand(`genwarden review ${id} ${decisions} --task ${task.index} --run ${task.run}`, width),
  ];
}
