// Which open tasks a person should look at: those that nobody moved in time, and those that have stood still for long.

import { overdueSince } from '../../job/explain/next.ts';
import { isOpen, type Instant, type OpenTask } from '../../job/task.ts';
import type { IndexedTask } from '../../readmodel/jobIndex.ts';
import type { ApiContext } from '../../api/options.ts';

export interface StuckRequest {
  /** Undefined: of all tenants. */
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

/** The oldest first. A task that waits for review, or that stands in a queue that moves, is not stuck unless it is overdue. */
export function findStuck(context: ApiContext, request: StuckRequest): StuckTask[] {
  const now = context.clock.now();
  const moves = (pool: string): boolean => (context.lastClaims.of(pool) ?? -Infinity) > now - request.olderThan;
  const stuck: StuckTask[] = [];
  for (const task of context.follower.index.openTasks()) {
    const { state } = task;
    if (!isOpen(state) || !isAskedFor(state, request)) continue;
    const overdue = overdueSince(state, now) !== undefined;
    if (overdue || standsStill(state, now, request.olderThan, moves)) stuck.push({ ...task, state, overdue });
  }
  return stuck.toSorted((a, b) => a.state.since - b.state.since || a.sequence - b.sequence);
}

function isAskedFor({ of }: OpenTask, { tenant, job, pool }: StuckRequest): boolean {
  if (tenant !== undefined && of.tenant !== tenant) return false;
  return (job === undefined || of.job === job) && (pool === undefined || of.pool === pool);
}

function standsStill(task: OpenTask, now: Instant, olderThan: number, moves: (pool: string) => boolean): boolean {
  if (task.state === 'needs_review' || now - task.since < olderThan) return false;
  return task.state !== 'queued' || !moves(task.of.pool);
}
