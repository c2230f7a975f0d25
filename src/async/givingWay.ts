// Long work on the event loop in steps, between which other requests get their turn. The process has one event loop, so all such
// work stands in one line: however many requests do it, another one waits for a single turn.

import { setImmediate as nextRound } from 'node:timers/promises';
import { loopShare } from './loopShare.ts';
import { sleep } from './sleep.ts';

/** ms of work at a time. */
const turn = 5;

const pause = loopShare();
let line: Promise<void> = Promise.resolve();

/** A function to await after each step. It waits only when the turn is over. `now` is a monotonic time, ms. */
export function givingWay(now: () => number): () => Promise<void> | undefined {
  let since = now();
  return () => (now() - since < turn ? undefined : giveWay());

  async function giveWay(): Promise<void> {
    line = line.then(roundForOthers);
    await line;
    since = now();
  }
}

async function roundForOthers(): Promise<void> {
  const ms = pause();
  await (ms === 0 ? nextRound() : sleep(ms));
}
