// How long a task stays out of the queue while its model admits no call. It should return soon after the block ends, which may
// be earlier than expected; but a long queue of one blocked model must not keep its workers busy with returning tasks.

import type { Block } from '../job/block.ts';
import { elapsed, longAgo, type Instant, type Monotonic } from '../job/time.ts';

/** ms */
const shortest = 100;
const unknown = 1_000;
const longest = 3_000;
/** Tasks that one worker returns in a second before their delays grow. */
const untroubled = 100;

export class Parking {
  #since: Monotonic = longAgo;
  #parked = 0;
  #lastSecond = 0;

  /**
   * ms; `random` in [0, 1). Until the block is expected to end, at most 3 s. With more returns per second than a worker
   * should spend its time on, the delays grow in proportion.
   */
  delay(block: Pick<Block, 'until'> | undefined, now: Instant, moment: Monotonic, random: number): number {
    this.#count(moment);
    const until = block?.until ?? null;
    const wait = until === null ? unknown : Math.min(longest, Math.max(shortest, until - now));
    const load = Math.max(1, Math.max(this.#parked, this.#lastSecond) / untroubled);
    // A little more for each task, so that they do not all return at the same moment.
    return Math.round(wait * load * (1 + random / 10));
  }

  #count(moment: Monotonic): void {
    const passed = elapsed(this.#since, moment);
    if (passed >= 1_000) {
      this.#lastSecond = passed < 2_000 ? this.#parked : 0;
      this.#parked = 0;
      this.#since = moment;
    }
    this.#parked += 1;
  }
}
