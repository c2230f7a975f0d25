// Long work on the event loop in steps, between which other requests get their turn.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { loopShare } from './loopShare.ts';
import { sleep } from './sleep.ts';

/** ms of work at a time. */
const turn = 5;

/** A function to await after each step. It waits only when the turn is over. `now` is a monotonic time, ms. */
export function givingWay(now: () => number): () => Promise<void> | undefined {
  const pause = loopShare();
  let since = now();
  return () => (now() - since < turn ? undefined : giveWay());

  async function giveWay(): Promise<void> {
    const ms = pause();
    await (ms === 0 ? nextTurn() : sleep(ms));
    since = now();
  }
}
