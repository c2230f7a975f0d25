// When to look at a pool again although nothing new was heard of it.

import type { Decision, Obstacle } from './index.ts';
import type { Seen } from '../observe/index.ts';

export interface LookAgainSight {
  readonly seen: Seen;
  readonly decision: Decision;
  readonly obstacle: Obstacle | undefined;
  /** ms until the status is to be written; undefined where it is. */
  readonly writtenIn: number | undefined;
  readonly pauseFailed: boolean;
}

const quiet = 10_000;
const atWork = 2_000;
const scalingIn = 500;
const blocked = 3_000;

/** ms. */
export function lookAgainIn({ seen, decision, obstacle, writtenIn = quiet, pauseFailed }: LookAgainSight): number {
  const { queued = 0, running = 0 } = seen.load ?? {};
  const waits = decision.obstacle === undefined ? decision.scaleIn.waits : undefined;
  return Math.min(
    quiet,
    Math.max(50, writtenIn),
    ...(queued + running > 0 || seen.load === undefined || pauseFailed ? [atWork] : []),
    ...(waits === undefined ? [] : [scalingIn]),
    ...(obstacle === undefined && seen.deployment !== undefined ? [] : [blocked]),
  );
}
