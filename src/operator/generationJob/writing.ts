// When a status is worth a write: etcd is for few and small ones, so what people and programs wait for is written at once, and
// counts on the way only now and then. Pure.

import { isDeepStrictEqual } from 'node:util';
import type { GenerationJobStatus } from '../resources/generationJob.ts';
import { conditionOf } from './read.ts';

/** ms between two writes of a job where nothing but its counts changed, or its open state. */
const countsEvery = 10_000;
const stateEvery = 2_000;

export type WriteDue =
  | { readonly due: 'never' }
  | { readonly due: 'now' }
  | { readonly due: 'in'; readonly ms: number };

/** `lastWrite` and `now` in ms of one monotonic clock; undefined where this process has not written yet. */
export function writeDue(
  before: GenerationJobStatus | undefined,
  next: GenerationJobStatus,
  lastWrite: number | undefined,
  now: number,
): WriteDue {
  if (isSame(before, next)) return { due: 'never' };
  if (before === undefined || isMilestone(before, next) || lastWrite === undefined) return { due: 'now' };
  const ms = lastWrite + (before.state === next.state ? countsEvery : stateEvery) - now;
  return ms <= 0 ? { due: 'now' } : { due: 'in', ms };
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
