// What a leader does now and then beside moving tasks: consumers, watermark, gauges. Each chore has its own rhythm, and
// one that is still under way is not begun again.

import { elapsed, longAgo, type Monotonic } from '../job/time.ts';
import type { Logger } from '../telemetry/log.ts';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void> | void;
}

interface Kept {
  readonly chore: Chore;
  ranAt: Monotonic;
  underWay: Promise<void>;
  busy: boolean;
}

export class Housekeeping {
  readonly #chores: readonly Kept[];
  readonly #logger: Logger;

  constructor(chores: readonly Chore[], logger: Logger) {
    this.#chores = chores.map((chore) => ({ chore, ranAt: longAgo, underWay: Promise.resolve(), busy: false }));
    this.#logger = logger;
  }

  /** Begins every chore whose time has come; */
  begin(now: Monotonic): void {
    for (const kept of this.#chores) {
      if (kept.busy || elapsed(kept.ranAt, now) < kept.chore.everyMs) continue;
      kept.ranAt = now;
      kept.busy = true;
      kept.underWay = this.#run(kept.chore).finally(() => (kept.busy = false));
    }
  }

  /** All chores are due again at once, as after a change of leader. */
  dueNow(): void {
    for (const kept of this.#chores) kept.ranAt = longAgo;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#chores.map((kept) => kept.underWay));
  }

  /** Never throws: what failed is tried again in its rhythm. */
  async #run({ name, run }: Chore): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#logger.warn({ err: error, chore: name }, 'A chore of the controller failed; it is tried again');
    }
  }
}
