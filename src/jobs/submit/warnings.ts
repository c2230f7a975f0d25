// The warnings of a submit: from memory, so that they cost no request and cannot make a submit fail.

import type { Observation } from '../../job/explain/observation.ts';
import { warningsFor, type Warning, type WarningCode } from '../../job/explain/warnings.ts';
import { servingPool, targetOf } from '../../job/target.ts';
import type { Lane, Queued } from '../../job/task.ts';
import type { JobsContext } from '../context.ts';
import { taskVersions, type TaskVersion } from '../list.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { WaitObserver } from '../waitObserver.ts';

export interface WarningContext extends Pick<JobsContext, 'follower'> {
  readonly waits: Pick<WaitObserver, 'observed'>;
}

type QueuedVersion = TaskVersion & { readonly state: Queued };

/** Warnings about a model. The others are about a pool or its queue. */
const ofModels: ReadonlySet<WarningCode> = new Set(['KeysExhausted', 'ProviderOutage']);

/**
 * About the job's queued tasks, which the caller has shown to `waits` before. `isNew`: the job was stored a moment ago, so its
 * tasks are the last ones of their lane.
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
  context: WarningContext,
  tasks: readonly QueuedVersion[],
  isNew: boolean,
): Promise<readonly Warning[]> {
  const models = [...Map.groupBy(tasks, ({ state }) => targetOf(state).model).values()];
  const found = models.map(async (own, at) => {
    const seen = await context.waits.observed(own[0]!);
    if (seen === undefined) return [];
    const now = isNew ? atTheEnd(context, seen, own[0]!.state.lane, tasks.length) : seen;
    const warnings = warningsFor(now, tasks.length, own.length);
    return at === 0 ? warnings : warnings.filter(({ code }) => ofModels.has(code));
  });
  return (await Promise.all(found)).flat();
}

/** The lengths of the queue at this moment: the observation may be a second old. */
function atTheEnd({ follower }: WarningContext, seen: Observation, lane: Lane, own: number): Observation {
  const { name } = seen.pool;
  const { lanes } = follower.index.queued(name);
  const ahead = { again: lanes.again, lane: Math.max(0, lanes[lane] - own) };
  const running = follower.index.counts().get(name)?.running ?? 0;
  return { ...seen, ahead, pool: { ...seen.pool, lanes, running } };
}
