// The warnings of a submit: from memory, so that they cost no request and cannot make a submit fail.

import type { Observation } from '../../job/explain/observation.ts';
import { warningsFor, type Warning, type WarningCode } from '../../job/explain/warnings.ts';
import { servingPool, targetOf } from '../../job/target.ts';
import type { Queued } from '../../job/task.ts';
import type { JobsContext } from '../context.ts';
import { taskVersions, type TaskVersion } from '../list.ts';
import { aheadOf, aheadOfNew } from '../queuePlaces.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { WaitObserver } from '../waitObserver.ts';

export interface WarningContext extends Pick<JobsContext, 'follower' | 'pools'> {
  readonly waits: Pick<WaitObserver, 'observed' | 'queuesOf'>;
}

type QueuedVersion = TaskVersion & { readonly state: Queued };

/** Warnings about a model. The others are about a pool or its queue. */
const ofModels: ReadonlySet<WarningCode> = new Set(['KeysExhausted', 'ProviderOutage']);

/**
 * About the job's queued tasks, which the caller has shown to `waits` before. `isNew`: the job was stored a moment ago, so its
 * tasks are the last ones of their parts of the queue.
 */
export async function submitWarnings(
  context: WarningContext,
  record: JobRecord,
  isNew: boolean,
): Promise<readonly Warning[]> {
  const queued = taskVersions(record).filter((task): task is QueuedVersion => task.state.state === 'queued');
  const inOrder = queued.toSorted((a, b) => a.sequence - b.sequence);
  const lanes = [...Map.groupBy(inOrder, ({ state }) => `${servingPool(state)} ${state.lane}`).values()];
  return (await Promise.all(lanes.map((tasks) => warningsOfLane(context, tasks, isNew)))).flat();
}

async function warningsOfLane(
  { follower, pools, waits }: WarningContext,
  tasks: readonly QueuedVersion[],
  isNew: boolean,
): Promise<readonly Warning[]> {
  const { index } = follower;
  const pool = servingPool(tasks[0]!.state);
  const queues = waits.queuesOf(pool);
  if (queues === undefined) return [];
  const states = tasks.map(({ state }) => state);
  const aheads = isNew
    ? aheadOfNew(index, queues, states, pools.find(pool)?.shares?.limits)
    : tasks.map(({ state, sequence }) => aheadOf(queues, state, sequence));
  const models = [...Map.groupBy(tasks, ({ state }) => targetOf(state).model).values()];
  const found = models.map(async (own, at) => {
    const seen = await waits.observed(own[0]!);
    if (seen === undefined) return [];
    const warnings = warningsFor(isNew ? atThisMoment(index, seen) : seen, aheads, own.length);
    return at === 0 ? warnings : warnings.filter(({ code }) => ofModels.has(code));
  });
  return (await Promise.all(found)).flat();
}

/** The observation may be a second old. */
function atThisMoment(index: WarningContext['follower']['index'], seen: Observation): Observation {
  const { name } = seen.pool;
  const { lanes } = index.queued(name);
  const running = index.counts().get(name)?.running ?? 0;
  return { ...seen, pool: { ...seen.pool, lanes, running } };
}
