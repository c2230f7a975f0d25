// Leaves a share of the event loop to other requests: one that is always busy makes every one of them wait.

import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** The busiest that artifacts may make the event loop. At 0.95, a small request waits ten times as long as at this. */
const busiest = 0.7;
/** ms. Of less time, the utilization says little. */
const window = 20;
/** ms. Artifacts still move while other requests alone keep the event loop busy. */
const longest = 50;

/** A function that returns how long to pause now, ms. */
export function loopShare(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const since = performance.eventLoopUtilization(before);
    if (since.active + since.idle < window) return 0;
    before = performance.eventLoopUtilization();
    return pauseAfter(since);
  };
}

/** Until the event loop has been idle for its share of the time, ms. */
export function pauseAfter({ active, idle }: Pick<EventLoopUtilization, 'active' | 'idle'>): number {
  const missing = active / busiest - active - idle;
  return Math.min(longest, Math.max(0, Math.ceil(missing)));
}
