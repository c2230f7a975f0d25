// How long a worker that is told to end may go on: long enough for what it runs to end by itself.

import { parseDuration, type Duration } from '../../../job/duration.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';

/** The longest default of an attempt; see `policyFor`. */
const defaultAttempt = 120_000;
/** The artifacts of an attempt that ended at the last moment are still to be stored. */
const storing = 15_000;
/** The bound of `GENWARDEN_DRAIN_TIMEOUT`. */
const longestDrain = 3_600_000;
/** Handing back what is left, closing connections. */
const closing = 15_000;

/** ms. Jobs may ask for longer attempts than the pool's own: such a one is handed back, at no cost of an attempt. */
export function drainTimeout({ policy }: Pick<WorkerPoolSpec, 'policy'>): Duration {
  const attempt = parseDuration(policy?.attemptTimeout ?? '') ?? defaultAttempt;
  return Math.min(attempt + storing, longestDrain);
}

/** Seconds until Kubernetes kills the worker. */
export const terminationGrace = (spec: Pick<WorkerPoolSpec, 'policy'>): number =>
  Math.ceil((drainTimeout(spec) + closing) / 1_000);
