// Sleeps in fast time, for the modules whose timers are fast.

import * as real from '../../../../src/async/sleep.ts';
import { ownScale, realMs } from './scale.ts';

export const sleep: typeof real.sleep = (ms, signal) => real.sleep(realMs(ownScale, ms), signal);

/** `until` and `now` are in fast time. */
export const sleepUntil: typeof real.sleepUntil = (until, now, signal) =>
  real.sleepUntil(realMs(ownScale, until), () => realMs(ownScale, now()), signal);
