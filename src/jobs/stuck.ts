// Stuck tasks: finds open tasks that may need a person, counts overdue tasks, and fails a task at an operator's request.

import type { Block } from '../job/block.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import { failStuckTask } from '../job/requests/failStuck.ts';
import { overdueSince } from '../job/rules/timing.ts';
import { servingPool } from '../job/target.ts';
import { isHeld, isOpen, type Instant, type OpenTask, type Sequence } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { blocksOf } from './blocks.ts';
import type { CancelContext } from './cancel.ts';
import { changeTask, reportEnd } from './changeTasks.ts';
import type { JobsContext } from './context.ts';
import { readJob } from './read.ts';

export type StuckContext = Pick<JobsContext, 'clock' | 'follower' | 'lastClaims' | 'keys'>;

export interface StuckRequest {
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  /** ms without a change of state. */
  readonly olderThan: number;
  readonly job: string | undefined;
  readonly pool: string | undefined;
}

/** What a list of stuck tasks was chosen from. */
export interface Searched {
  readonly openTasks: number;
  /** Jobs that the index knows, open or finished. */
  readonly jobs: number;
}

export interface StuckTask extends IndexedTask {
  readonly state: OpenTask;
  readonly overdue: boolean;
}

/**
 * Oldest first. A task in review, one that waits for other tasks, in a queue from which workers claim tasks, or waiting for the end of an outage or for the next
 * budget, is stuck only when it is overdue.
 */
export function findStuck({ clock, follower, lastClaims, keys }: StuckContext, request: StuckRequest): StuckTask[] {
  const now = clock.now();
  const blocks = blocksOf(keys);
  const hasRecentClaim = (pool: string): boolean => (lastClaims.of(pool) ?? -Infinity) > now - request.olderThan;
  const stuck: StuckTask[] = [];
  for (const task of follower.index.openTasks()) {
    const { state } = task;
    if (!isOpen(state) || !matches(state, request)) continue;
    const overdue = overdueSince(state, now) !== undefined;
    const isStuck = hasNoProgress(state, now, request.olderThan, hasRecentClaim) && !endsWithoutHelp(blocks(state));
    if (overdue || isStuck) stuck.push({ ...task, state, overdue });
  }
  return stuck.toSorted((a, b) => a.state.since - b.state.since || a.sequence - b.sequence);
}

/** Counts what the request covers. */
export function searchedFor({ follower }: Pick<StuckContext, 'follower'>, request: StuckRequest): Searched {
  let openTasks = 0;
  for (const { state } of follower.index.openTasks()) if (isOpen(state) && matches(state, request)) openTasks += 1;
  let jobs = 0;
  for (const { job, tenant } of follower.index.newestFirst()) {
    if (covers(request, tenant, job)) jobs += 1;
  }
  return { openTasks, jobs };
}

/** The provider is out, or the budget is spent: the task says so, and starts when that ends. */
function endsWithoutHelp(block: Block | null): boolean {
  return block?.reason === 'ProviderOutage' || block?.reason === 'BudgetExhausted';
}

function matches(state: OpenTask, request: StuckRequest): boolean {
  const { tenant, job } = state.of;
  return covers(request, tenant, job) && (request.pool === undefined || servingPool(state) === request.pool);
}

const covers = ({ tenant, job }: StuckRequest, ofTenant: string, ofJob: JobId): boolean =>
  (tenant === undefined || ofTenant === tenant) && (job === undefined || ofJob === job);

function hasNoProgress(
  task: OpenTask,
  now: Instant,
  olderThan: number,
  hasRecentClaim: (pool: string) => boolean,
): boolean {
  if (task.state === 'needs_review' || isHeld(task) || now - task.since < olderThan) return false;
  return task.state !== 'queued' || !hasRecentClaim(servingPool(task));
}

interface SeenTask {
  readonly job: JobId;
  readonly task: TaskIndex;
  /** Of the task's last message when the operator saw it. */
  readonly sequence: Sequence;
}

/** `changed`: the task changed after the operator saw it, so it was not failed. */
type FailOutcome = 'failed' | 'changed' | 'notFound';

/** Throws `Unavailable` while NATS is unavailable. `by` is the operator's name. */
export async function failStuck(
  context: CancelContext,
  tenant: string,
  seen: SeenTask,
  by: string,
): Promise<FailOutcome> {
  const record = await readJob(context, tenant, seen.job).catch(orMissing);
  const task = record?.tasks[seen.task];
  if (task === undefined) return 'notFound';
  const change = await changeTask(context, task, (last) => failStuckTask(last, seen.sequence, by, context.clock.now()));
  reportEnd(context, change);
  return change.replaced === undefined ? 'changed' : 'failed';
}

function orMissing(error: unknown): undefined {
  if (error instanceof GenwardenError && error.code === 'JobNotFound') return undefined;
  throw error;
}
