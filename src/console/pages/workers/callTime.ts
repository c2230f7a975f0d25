// How long a provider has had a call, compared with what is usual.

import type { Worker } from '../../../client/index.ts';

export interface CallTime {
  /** ms. */
  waited: number;
  /** Parts of the width of the bar, 0 to 1; undefined while nothing is known about the model. */
  bar: { waited: number; p50: number; p95: number } | undefined;
  isSlow: boolean;
}

/** `age`: of the heartbeat that told of the call, ms. Undefined before the call is sent. */
export function callTime({ waited, usual }: Worker['tasks'][number], age: number): CallTime | undefined {
  if (waited === null) return undefined;
  const now = waited + Math.max(0, age);
  if (usual === null) return { waited: now, bar: undefined, isSlow: false };
  const whole = Math.max(now, 1.25 * usual.p95, 1);
  const bar = { waited: now / whole, p50: usual.p50 / whole, p95: usual.p95 / whole };
  return { waited: now, bar, isSlow: now > usual.p95 };
}
