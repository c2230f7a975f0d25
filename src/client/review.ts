// Which results of a job wait for a reviewer.

import type { Job, Task } from './types.ts';

/** The tasks whose results wait for a reviewer. */
export const tasksInReview = ({ tasks = [] }: Pick<Job, 'tasks'>): Task[] =>
  tasks.filter(({ state }) => state === 'needs_review');

/** Whether the job waits for nothing but a reviewer: `wait` returns it then, although it has not finished. */
export function awaitsReview(job: Pick<Job, 'state' | 'tasks'>): boolean {
  if (job.tasks === undefined) return job.state === 'needs_review';
  // A task that waits for another one waits for its review too.
  const others = job.tasks.filter(({ state, waitingFor }) => isOpen(state) && waitingFor?.reason !== 'Dependency');
  return tasksInReview(job).length > 0 && others.every(({ state }) => state === 'needs_review');
}

const isOpen = (state: Task['state']): boolean => ['queued', 'running', 'waiting', 'needs_review'].includes(state);
