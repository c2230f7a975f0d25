// Whether this process can trust what it observes. During an outage no worker is judged by its silence, and overdue work gets
// more time.

import type { Duration } from '../job/duration.ts';
import { after, elapsed, longAgo, type Monotonic } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';

export type OutageCause = 'observerDisconnected' | 'writeFailed' | 'clockJumped' | 'processPaused' | 'workersSilent';

/** ms that overdue work gets in an outage, on top of the time in which nobody could report. */
const outageGrace = 15_000;
/** A step of the server's time against the monotonic clock that is more than a correction, ms. */
const clockJump = 1_000;
/** A gap between two checks that means that this process stood still, ms; half the heartbeat timeout where that is longer. */
const pauseLimit = 2_000;

type Listener = (cause: OutageCause | undefined) => void;

/** An outage ends one heartbeat timeout after its last cause, or after this process has reconnected. */
export class OutageDetector {
  readonly #clock: Clock;
  readonly #timeout: Duration;
  readonly #listeners = new Set<Listener>();
  readonly #startedAt: Monotonic;
  #awaySince: Monotonic | undefined;
  #until = longAgo;
  /** ms of this outage in which nobody could report. */
  #unreachableFor = 0;
  #active = false;
  #trustsLosses = true;
  #checkedAt: Monotonic;
  /** The server's time minus the monotonic time since the start, ms. */
  #offset: number;

  constructor(clock: Clock, heartbeatTimeoutMs: Duration) {
    this.#clock = clock;
    this.#timeout = heartbeatTimeoutMs;
    this.#startedAt = clock.monotonic();
    this.#checkedAt = this.#startedAt;
    this.#offset = clock.now();
  }

  get active(): boolean {
    return this.#active;
  }

  /**
   * False for the rest of an outage in which this process was cut off or stood still: a worker whose connection it knows to
   * be lost may have come back unheard, so only its silence after the outage counts.
   */
  get trustsLosses(): boolean {
    return this.#trustsLosses;
  }

  /** This process is cut off: it can neither hear nor write. */
  get away(): boolean {
    return this.#awaySince !== undefined;
  }

  /** ms by which overdue work may be late. */
  get grace(): Duration {
    if (!this.#active) return 0;
    const away = this.#awaySince === undefined ? 0 : elapsed(this.#awaySince, this.#clock.monotonic());
    return outageGrace + this.#unreachableFor + away;
  }

  /** The listener gets the cause when an outage begins, and undefined when it ends. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  observerDisconnected(): void {
    this.#awaySince ??= this.#clock.monotonic();
    this.#trustsLosses = false;
    this.begin('observerDisconnected');
  }

  observerReconnected(): void {
    if (this.#awaySince === undefined) return;
    this.#unreachableFor += elapsed(this.#awaySince, this.#clock.monotonic());
    this.#awaySince = undefined;
    this.#trustsLosses = false;
    this.begin('observerDisconnected');
  }

  begin(cause: OutageCause): void {
    this.#until = after(this.#clock.monotonic(), this.#timeout);
    if (this.#active) return;
    this.#active = true;
    for (const listener of this.#listeners) listener(cause);
  }

  /** Call at least once a second and before judging: a late call or a jump of the clock is itself an outage. */
  check(): void {
    const now = this.#clock.monotonic();
    const offset = this.#clock.now() - elapsed(this.#startedAt, now);
    const pause = elapsed(this.#checkedAt, now);
    const step = Math.abs(offset - this.#offset);
    this.#checkedAt = now;
    this.#offset = offset;
    if (pause >= this.#timeout / 2 && pause >= pauseLimit) {
      this.#trustsLosses = false;
      this.#beginUnreachable('processPaused', pause);
    }
    if (step >= clockJump) this.#beginUnreachable('clockJumped', step);
    if (this.#active && this.#awaySince === undefined && now >= this.#until) this.#end();
  }

  #beginUnreachable(cause: OutageCause, ms: Duration): void {
    this.#unreachableFor += ms;
    this.begin(cause);
  }

  #end(): void {
    this.#active = false;
    this.#trustsLosses = true;
    this.#unreachableFor = 0;
    for (const listener of this.#listeners) listener(undefined);
  }
}
