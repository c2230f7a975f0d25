// The clock of NATS in fast time; replaces the real one for every importer.

import * as real from '../../../../src/adapters/nats/clock/index.ts';
import { sleepUntil } from '../../../../src/async/sleep.ts';
import { monotonicFrom } from '../../../../src/job/time.ts';
import { fastAt, ownScale, realMs } from './scale.ts';

export const natsClock: typeof real.natsClock = async (link, options) => {
  const clock = await real.natsClock(link, options);
  const exact = (): number => fastAt(ownScale, clock.now());
  return {
    now: () => Math.floor(exact()),
    offset: () => clock.offset(),
    monotonic: () => monotonicFrom(performance.now() * ownScale.speed),
    // Both in real ms: it sleeps in slices of a second at most.
    sleep: (until, signal) => sleepUntil(realMs(ownScale, until), () => realMs(ownScale, exact()), signal),
  };
};
