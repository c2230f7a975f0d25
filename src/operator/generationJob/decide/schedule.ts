// When to write a status and when to reconcile again. etcd is meant for few and small writes: milestones are written at once,
// counts only now and then. Pure.

import { after, elapsed, latest, type Monotonic } from '../../../job/time.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../../../job/task.ts';
import {
  conditionOf,
  type GenerationJob,
  type GenerationJobStatus,
  isFinished,
} from '../../resources/generationJob.ts';
import type { Observation } from '../observe.ts';

/** ms between two writes of a job where nothing but its counts changed, or its open state. */
const countsEvery = 10_000;
const stateEvery = 2_000;
/**
 * Whatever changes, a resource is written this often at once and then every so many ms: also where somebody else (an operator
 * of another installation that watches the same namespace, say) keeps writing something different.
 */
const burst = 12;
const oneEvery = 10_000;

export type WriteDue =
  | { readonly due: 'never' }
  | { readonly due: 'now' }
  | { readonly due: 'in'; readonly ms: number };

/** How often a resource was written. */
export interface WriteHistory {
  readonly lastWrite: Monotonic;
  /** Each write moves it on by `oneEvery`, from no earlier than the write. */
  readonly arrivalTime: Monotonic;
}

export function afterWrite(writes: WriteHistory | undefined, now: Monotonic): WriteHistory {
  return { lastWrite: now, arrivalTime: after(latest(writes?.arrivalTime ?? now, now), oneEvery) };
}

/** `writes` is undefined where this process has not written yet. */
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

/** The moment from which this difference is worth a write. */
function waitFor(before: GenerationJobStatus | undefined, next: GenerationJobStatus, lastWrite: Monotonic): Monotonic {
  if (before === undefined || isMilestone(before, next)) return lastWrite;
  return after(lastWrite, before.state === next.state ? countsEvery : stateEvery);
}

function isSame(before: GenerationJobStatus | undefined, next: GenerationJobStatus): boolean {
  return isDeepStrictEqual(comparable(before ?? {}), comparable(next));
}

/** The API server may keep conditions in another order, and knows no undefined. */
function comparable({ conditions = [], ...rest }: GenerationJobStatus): unknown {
  const sorted = conditions.toSorted((one, two) => (one.type < two.type ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...rest, conditions: sorted }));
}

function isMilestone(before: GenerationJobStatus, next: GenerationJobStatus): boolean {
  if (conditionOf(next, 'Finished')?.status === 'True') return true;
  if (before.jobId !== next.jobId || before.startTime !== next.startTime) return true;
  if (before.observedGeneration !== next.observedGeneration) return true;
  const said = (status: GenerationJobStatus): unknown[] => [
    conditionOf(status, 'Finished')?.status,
    conditionOf(status, 'Accepted')?.status,
    conditionOf(status, 'Accepted')?.reason,
  ];
  return !isDeepStrictEqual(said(before), said(next));
}

const defaultTtlSeconds = 86_400;
/** A timer takes no more than some 24 days. */
const longest = 6 * 3_600_000;
/** A refusal that an upload may cure; a pool that comes is heard of. */
const refusedEvery = 30_000;
/** An open job that vanished without a word. */
const openEvery = 300_000;

/** The moment from which the resource is deleted, as its job has finished long enough ago; undefined while it has not. */
export function deletionTime({ spec, status }: GenerationJob): Instant | undefined {
  if (!isFinished(status) || status?.completionTime === undefined) return undefined;
  return Date.parse(status.completionTime) + (spec?.ttlSecondsAfterFinished ?? defaultTtlSeconds) * 1_000;
}

/** `jitter` in [0, 1) spreads what is not urgent. */
export function requeueAfter(
  resource: GenerationJob,
  { kind }: Observation,
  write: WriteDue,
  now: Instant,
  jitter: number,
): number {
  const times = [longest];
  if (write.due === 'in') times.push(write.ms);
  const end = deletionTime(resource);
  if (end !== undefined) times.push(end - now);
  else times.push((kind === 'refused' ? refusedEvery : openEvery) * (0.5 + jitter / 2));
  return Math.max(0, Math.ceil(Math.min(...times)));
}
