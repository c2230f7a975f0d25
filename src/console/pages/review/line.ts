// The line of results that wait for a reviewer: the jobs that have some, oldest first, and who is next.

import type { Job, ListedJob, Task } from '../../../client/index.ts';

export interface WaitingJob {
  readonly id: string;
  readonly prompt: string | null;
  readonly submittedAt: string;
  /** Its tasks that wait for a review, of `total`. */
  readonly waiting: number;
  readonly total: number;
}

export type Line = ReadonlyMap<string, WaitingJob>;

/** The same line if the job changes nothing of it. */
export function withJob(line: Line, job: Pick<ListedJob, 'id' | 'prompt' | 'submittedAt' | 'progress'>): Line {
  const { id, prompt, submittedAt, progress } = job;
  const waiting = progress.needs_review;
  if (line.get(id)?.waiting === waiting || (waiting === 0 && !line.has(id))) return line;
  const next = new Map(line);
  if (waiting === 0) next.delete(id);
  else next.set(id, { id, prompt, submittedAt, waiting, total: progress.total });
  return next;
}

/** Ids break ties: they are in the order of the submits. */
export const oldestFirst = (line: Line): WaitingJob[] =>
  [...line.values()].toSorted((a, b) => (key(a) < key(b) ? -1 : 1));

const key = ({ submittedAt, id }: WaitingJob): string => submittedAt + id;

export const waitingTasks = (line: Line): number => [...line.values()].reduce((sum, { waiting }) => sum + waiting, 0);

export const inReview = (job: Pick<Job, 'tasks'>): Task[] =>
  (job.tasks ?? []).filter(({ state }) => state === 'needs_review');

export interface Place {
  readonly job: string;
  /** Undefined: the job's first one that waits. */
  readonly task: number | undefined;
}

/** After (`by` 1) or before (`by` -1) a task, round at the end; undefined if nothing else waits. `tasks`: those of the job that wait. */
export function neighbour(
  line: Line,
  tasks: readonly Task[],
  at: { job: string; task: number },
  by: 1 | -1,
): Place | undefined {
  const others = tasks.filter(({ index }) => (by === 1 ? index > at.task : index < at.task));
  const near = by === 1 ? others[0] : others.at(-1);
  if (near !== undefined) return { job: at.job, task: near.index };
  const jobs = oldestFirst(line).map(({ id }) => id);
  const here = jobs.indexOf(at.job);
  const next = jobs[(here + by + jobs.length) % Math.max(1, jobs.length)];
  if (next !== undefined && next !== at.job) return { job: next, task: undefined };
  const around = by === 1 ? tasks[0] : tasks.at(-1);
  return around === undefined || around.index === at.task ? undefined : { job: at.job, task: around.index };
}
