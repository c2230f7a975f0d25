// When to reconcile a pool again without an event.

import type { Decision, Obstacle } from './index.ts';
import type { ObservedPool } from '../observe/index.ts';

export interface RequeueInput {
  readonly observed: ObservedPool;
  readonly decision: Decision;
  readonly obstacle: Obstacle | undefined;
  /** ms until the status is due to be written; undefined if it is up to date. */
  readonly statusDueIn: number | undefined;
  readonly pauseFailed: boolean;
}

const quiet = 10_000;
const atWork = 2_000;
const scalingIn = 500;
const blocked = 3_000;

/** ms. */
export function requeueAfter({ observed, decision, obstacle, statusDueIn = quiet, pauseFailed }: RequeueInput): number {
  const { queued = 0, running = 0 } = observed.load ?? {};
  const waitsFor = decision.obstacle === undefined ? decision.scaleIn.waitsFor : undefined;
  return Math.min(
    quiet,
    Math.max(50, statusDueIn),
    ...(queued + running > 0 || observed.load === undefined || pauseFailed ? [atWork] : []),
    ...(waitsFor === undefined ? [] : [scalingIn]),
    ...(obstacle === undefined && observed.deployment !== undefined ? [] : [blocked]),
  );
}
