// A line for each change of a watched job, for pipes and logs.

import type { Job, Task } from '../../../client/index.ts';
import { count } from '../../../job/explain/format.ts';
import { printable } from '../../output/text.ts';
import { taskName } from '../waitText.ts';
import { stageOf, waitOf } from './followJob.ts';
import { triesOf } from './taskRows.ts';

/** More tasks than this that change alike at once are one line. */
const mostAlike = 10;

/** The changes between two snapshots of a job; every task for the first snapshot. */
export function changeLines(before: Job | undefined, after: Job): string[] {
  const known = new Map((before?.tasks ?? []).map((task) => [task.index, stageOf(task)]));
  const changed = (after.tasks ?? []).filter((task) => known.get(task.index) !== stageOf(task));
  const alike = Map.groupBy(changed, taskStage);
  const lines = changed.flatMap((task) => {
    const stage = taskStage(task);
    const same = alike.get(stage)!;
    if (same.length <= mostAlike) return `${taskName(task)}  ${stage}`;
    return same[0] === task ? `${same.length} tasks  ${stage}` : [];
  });
  const ended = after.finishedAt === null ? [] : [`${after.state}: ${outcome(after)}`];
  return [...lines, ...ended].map((line) => printable(`${after.id}  ${line}`));
}

function taskStage(task: Task): string {
  const { state, reason, message } = task;
  const tries = triesOf(task);
  // The detail says until when.
  const why = waitOf(task) === '' ? `${reason}: ${message}` : `${waitOf(task)}: ${task.waitingFor!.detail}`;
  return `${state}${tries === '' ? '' : ` (${tries})`}  ${why}`;
}

function outcome({ progress: { succeeded, failed, cancelled, total } }: Job): string {
  const others = [`${failed} failed`, `${cancelled} cancelled`].filter((part) => !part.startsWith('0 '));
  return [`${succeeded} of ${count(total, 'task')} succeeded`, ...others].join(', ');
}
