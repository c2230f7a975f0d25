// When a resource is looked at again although nothing changes, ms from now. Pure.

import type { Instant } from '../../job/task.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import type { Observation } from './observation.ts';
import { isFinished } from './read.ts';
import type { WriteDue } from './writing.ts';

const defaultTtlSeconds = 86_400;
/** A timer takes no more than some 24 days. */
const longest = 6 * 3_600_000;
/** A refusal that an upload may cure; a pool that comes is heard of. */
const refusedEvery = 30_000;
/** An open job that vanished without a word. */
const openEvery = 300_000;

/** The moment from which the resource is deleted, as its job has finished long enough ago; undefined while it has not. */
export function deleteAt({ spec, status }: GenerationJob): Instant | undefined {
  if (!isFinished(status) || status?.completionTime === undefined) return undefined;
  return Date.parse(status.completionTime) + (spec?.ttlSecondsAfterFinished ?? defaultTtlSeconds) * 1_000;
}

/** `jitter` in [0, 1) spreads what is not urgent. */
export function lookAgainIn(
  resource: GenerationJob,
  { seen }: Observation,
  write: WriteDue,
  now: Instant,
  jitter: number,
): number {
  const times = [longest];
  if (write.due === 'in') times.push(write.ms);
  const end = deleteAt(resource);
  if (end !== undefined) times.push(end - now);
  else times.push((seen === 'refused' ? refusedEvery : openEvery) * (0.5 + jitter / 2));
  return Math.max(0, Math.ceil(Math.min(...times)));
}
