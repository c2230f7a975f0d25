// Finds open tasks that may need a person: overdue ones, and ones without progress for a long time.

import { overdueSince } from '../../job/rules/timing.ts';
import { isOpen, type Instant, type OpenTask } from '../../job/task.ts';
import type { IndexedTask } from '../../readmodel/jobIndex.ts';
import type { JobsContext } from '../context.ts';

export type StuckContext = Pick<JobsContext, 'clock' | 'follower' | 'lastClaims'>;

export interface StuckRequest {
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  /** ms without a change of state. */
  readonly olderThan: number;
  readonly job: string | undefined;
  readonly pool: string | undefined;
}

export interface StuckTask extends IndexedTask {
  readonly state: OpenTask;
  readonly overdue: boolean;
}

/** Oldest first. A task in review, or in a queue that moves, counts as stuck only when it is overdue. */
export function findStuck({ clock, follower, lastClaims }: StuckContext, request: StuckRequest): StuckTask[] {
  const now = clock.now();
  const moves = (pool: string): boolean => (lastClaims.of(pool) ?? -Infinity) > now - request.olderThan;
  const stuck: StuckTask[] = [];
  for (const task of follower.index.openTasks()) {
    const { state } = task;
    if (!isOpen(state) || !matches(state, request)) continue;
    const overdue = overdueSince(state, now) !== undefined;
    if (overdue || hasNoProgress(state, now, request.olderThan, moves)) stuck.push({ ...task, state, overdue });
  }
  return stuck.toSorted((a, b) => a.state.since - b.state.since || a.sequence - b.sequence);
}

function matches({ of }: OpenTask, { tenant, job, pool }: StuckRequest): boolean {
  if (tenant !== undefined && of.tenant !== tenant) return false;
  return (job === undefined || of.job === job) && (pool === undefined || of.pool === pool);
}

function hasNoProgress(task: OpenTask, now: Instant, olderThan: number, moves: (pool: string) => boolean): boolean {
  if (task.state === 'needs_review' || now - task.since < olderThan) return false;
  return task.state !== 'queued' || !moves(task.of.pool);
}
