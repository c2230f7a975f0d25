// Stuck tasks in groups with the same explanation, as `genwarden explain` groups the tasks of a job.

import type { FixedTask, StuckTask } from '../../../client/index.ts';

export interface StuckGroup {
  key: string;
  /** The one that has been stuck longest: its explanation stands for the group. */
  first: StuckTask;
  tasks: StuckTask[];
}

/** The groups are in the order of their first tasks. */
export function groupsOf(tasks: readonly StuckTask[]): StuckGroup[] {
  const groups = Map.groupBy(tasks, ({ pool, state, cause, overdue, advice }) =>
    JSON.stringify([pool, state, cause, overdue, advice]),
  );
  return [...groups].map(([key, group]) => ({ key, first: group[0]!, tasks: group }));
}

/** Of a task as it is shown: a task that has changed since is another one. */
export const selectionKey = ({ job, task, sequence }: Pick<StuckTask, 'job' | 'task' | 'sequence'>): string =>
  `${job}/${task}@${sequence}`;

export const fixedText: Readonly<Record<FixedTask['outcome'], string>> = {
  failed: 'failed with FailedByOperator',
  changed: 'not changed: the task has moved since it was listed',
  notFound: 'no longer exists',
};

/** `2 tasks failed with FailedByOperator; 1 was not changed`. */
export function fixSummary(fixed: readonly FixedTask[]): string {
  const number = (outcome: FixedTask['outcome']): number => fixed.filter((one) => one.outcome === outcome).length;
  const [failed, changed, notFound] = [number('failed'), number('changed'), number('notFound')];
  const parts = [
    `${failed === 1 ? '1 task' : `${failed} tasks`} failed with FailedByOperator`,
    ...(changed === 0 ? [] : [`${changed} not changed`]),
    ...(notFound === 0 ? [] : [`${notFound} no longer ${notFound === 1 ? 'exists' : 'exist'}`]),
  ];
  return parts.join(', ');
}
