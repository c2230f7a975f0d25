// What `watch` prints where there is no terminal: one line a change, that reads well in a log.

import type { Job, Task } from '../../client/index.ts';
import { printable } from '../output/cells.ts';
import { doneOf, taskName } from './jobLines.ts';

/** Lines for what changed between two looks at a job; all tasks at the first look. */
export function changeLines(before: Job | undefined, after: Job): string[] {
  const known = new Map((before?.tasks ?? []).map((task) => [task.index, stageOf(task)]));
  const changed = (after.tasks ?? []).filter((task) => known.get(task.index) !== stageOf(task));
  const lines = changed.map((task) => `${after.id}  ${describe(task)}`);
  return (after.finishedAt === null ? lines : [...lines, `${after.id}  ${after.state}: ${outcome(after)}`]).map(
    printable,
  );
}

/** What makes a change worth a line. Progress is left out: it would be a line twice a second. */
export const stageOf = ({ state, run, attempt, reason }: Task): string => [state, run, attempt, reason].join(' ');

function describe(task: Task): string {
  const run = task.run > 1 ? `run ${task.run}, ` : '';
  return `${taskName(task)}  ${task.state} (${run}attempt ${task.attempt})  ${task.reason}: ${task.message}`;
}

function outcome(job: Job): string {
  const { succeeded, failed, cancelled } = job.progress;
  const parts = [`${succeeded} succeeded`, `${failed} failed`, `${cancelled} cancelled`];
  return `${doneOf(job)} tasks done, ${parts.filter((part) => !part.startsWith('0 ')).join(', ')}`;
}
