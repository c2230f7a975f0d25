// When to write a status and when to reconcile again. etcd suits few and small writes, so milestones are written immediately and
// counts only occasionally. Pure.

import { after, elapsed, latest, type Monotonic } from '../../../job/time.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../../../job/task.ts';
import {
  conditionOf,
  type GenerationJob,
  type GenerationJobStatus,
  isFinished,
} from '../../resources/generationJob.ts';
import { showsEarlierRun } from '../earlierRun.ts';
import { lacksResults, type Observation } from '../observe.ts';

/** Minimum ms between two writes when only the counts, or the open state, changed. */
const countsEvery = 10_000;
const stateEvery = 2_000;
/**
 * The rate limit of all writes of a resource: a burst, then one write in `oneEvery` ms. It also bounds the writes when
 * another writer, such as a second installation that watches the same namespace, keeps changing the status back.
 */
const burst = 12;
const oneEvery = 10_000;

export type WriteDue =
  | { readonly due: 'never' }
  | { readonly due: 'now' }
  | { readonly due: 'in'; readonly ms: number };

/** The writes of one resource so far, as a GCRA rate limiter remembers them. */
export interface WriteHistory {
  readonly lastWrite: Monotonic;
  /** The theoretical arrival time of GCRA: each write advances it by `oneEvery`, starting no earlier than the write. */
  readonly arrivalTime: Monotonic;
}

export function afterWrite(writes: WriteHistory | undefined, now: Monotonic): WriteHistory {
  return { lastWrite: now, arrivalTime: after(latest(writes?.arrivalTime ?? now, now), oneEvery) };
}

/** `writes` is undefined before the first write of this process. */
export function writeDue(
  before: GenerationJobStatus | undefined,
  next: GenerationJobStatus,
  writes: WriteHistory | undefined,
  now: Monotonic,
): WriteDue {
  if (isSame(before, next)) return { due: 'never' };
  if (writes === undefined) return { due: 'now' };
  const ms = elapsed(
    now,
    latest(waitFor(before, next, writes.lastWrite), after(writes.arrivalTime, -burst * oneEvery)),
  );
  return ms <= 0 ? { due: 'now' } : { due: 'in', ms };
}

/** The time from which this change may be written, before the rate limit. */
function waitFor(before: GenerationJobStatus | undefined, next: GenerationJobStatus, lastWrite: Monotonic): Monotonic {
  if (before === undefined || isMilestone(before, next)) return lastWrite;
  return after(lastWrite, before.state === next.state ? countsEvery : stateEvery);
}

function isSame(before: GenerationJobStatus | undefined, next: GenerationJobStatus): boolean {
  return isDeepStrictEqual(comparable(before ?? {}), comparable(next));
}

/** The API server may reorder conditions, and JSON has no undefined. */
function comparable({ conditions = [], ...rest }: GenerationJobStatus): unknown {
  const sorted = conditions.toSorted((one, two) => (one.type < two.type ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...rest, conditions: sorted }));
}

function isMilestone(before: GenerationJobStatus, next: GenerationJobStatus): boolean {
  if (conditionOf(next, 'Finished')?.status === 'True') return true;
  if (before.jobId !== next.jobId || before.startTime !== next.startTime) return true;
  if (before.observedGeneration !== next.observedGeneration) return true;
  const contentOf = (status: GenerationJobStatus): unknown[] => [
    conditionOf(status, 'Finished')?.status,
    conditionOf(status, 'Accepted')?.status,
    conditionOf(status, 'Accepted')?.reason,
    conditionOf(status, 'Suspended')?.status,
    conditionOf(status, 'Suspended')?.reason,
  ];
  return !isDeepStrictEqual(contentOf(before), contentOf(next));
}

const defaultTtlSeconds = 86_400;
/** Well below the 24 days that a timer can take. */
const longest = 6 * 3_600_000;
/** For a refusal that an upload may resolve. A new pool triggers a reconcile anyway. */
const refusedEvery = 30_000;
/** For a ConfigMap or Secret that does not exist yet; they are not watched. */
const sourceEvery = 6_000;
/** Finds an open job that disappeared without an event. */
const openEvery = 300_000;

/** When the TTL of the resource ends; undefined while its job is open, and for one that shows an earlier run. */
export function deletionTime(resource: GenerationJob): Instant | undefined {
  const { spec, status } = resource;
  if (showsEarlierRun(resource)) return undefined;
  if (!isFinished(status) || status?.completionTime === undefined) return undefined;
  return Date.parse(status.completionTime) + (spec?.ttlSecondsAfterFinished ?? defaultTtlSeconds) * 1_000;
}

/** ms. `jitter` in [0, 1) spreads reconciles that are not urgent. */
export function requeueAfter(
  resource: GenerationJob,
  observed: Observation,
  write: WriteDue,
  now: Instant,
  jitter: number,
): number {
  const times = [longest];
  if (write.due === 'in') times.push(write.ms);
  const end = deletionTime(resource);
  if (lacksResults(resource)) times.push(openEvery * (0.5 + jitter / 2));
  if (end !== undefined) times.push(end - now);
  else times.push(lookAgainEvery(observed) * (0.5 + jitter / 2));
  return Math.max(0, Math.ceil(Math.min(...times)));
}

function lookAgainEvery(observed: Observation): number {
  if (observed.kind !== 'refused') return openEvery;
  return observed.code === 'SourceNotFound' ? sourceEvery : refusedEvery;
}
