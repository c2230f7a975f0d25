// When a status is worth a write: etcd is for few and small ones, so what people and programs wait for is written at once, and
// counts on the way only now and then. Pure.

import { isDeepStrictEqual } from 'node:util';
import type { GenerationJobStatus } from '../resources/generationJob.ts';
import { conditionOf } from './read.ts';

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

/** How often a resource was written, in ms of a monotonic clock. */
export interface Pace {
  readonly lastWrite: number;
  /** Each write moves it on by `oneEvery`, from no earlier than the write. */
  readonly paidUntil: number;
}

export function afterWrite(pace: Pace | undefined, now: number): Pace {
  return { lastWrite: now, paidUntil: Math.max(pace?.paidUntil ?? now, now) + oneEvery };
}

/** `now` is by the clock of the pace, which is undefined where this process has not written yet. */
export function writeDue(
  before: GenerationJobStatus | undefined,
  next: GenerationJobStatus,
  pace: Pace | undefined,
  now: number,
): WriteDue {
  if (isSame(before, next)) return { due: 'never' };
  if (pace === undefined) return { due: 'now' };
  const ms = Math.max(waitFor(before, next, pace.lastWrite), pace.paidUntil - burst * oneEvery) - now;
  return ms <= 0 ? { due: 'now' } : { due: 'in', ms };
}

/** The moment from which this difference is worth a write. */
function waitFor(before: GenerationJobStatus | undefined, next: GenerationJobStatus, lastWrite: number): number {
  if (before === undefined || isMilestone(before, next)) return lastWrite;
  return lastWrite + (before.state === next.state ? countsEvery : stateEvery);
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
