// Detects when this process cannot trust its observations. During such an outage, silent workers are not considered lost, and
// overdue work gets more time.

import type { Duration } from '../job/duration.ts';
import { after, elapsed, longAgo, type Monotonic } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';

export type OutageCause = 'observerDisconnected' | 'writeFailed' | 'clockJumped' | 'processPaused' | 'workersSilent';

/** The extra time of overdue work in an outage, ms, in addition to the time in which workers could not report. */
const outageGrace = 15_000;
/** A step of the server's time relative to the monotonic clock that is too large to be a correction, ms. */
const clockJump = 1_000;
/** A gap between two checks that shows that this process was suspended, ms; half the heartbeat timeout if that is longer. */
const pauseLimit = 2_000;

type Listener = (cause: OutageCause | undefined) => void;

/**
 * An outage ends one heartbeat timeout after its last cause, or after this process has reconnected, but not while the stream does
 * not answer: until it does, workers cannot report.
 */
export class OutageDetector {
  readonly #clock: Clock;
  readonly #timeout: Duration;
  readonly #streamAnswers: () => boolean;
  readonly #listeners = new Set<Listener>();
  readonly #startedAt: Monotonic;
  #disconnectedSince: Monotonic | undefined;
  #until = longAgo;
  /** How long workers could not report in this outage, ms. */
  #unreachableFor = 0;
  #active = false;
  #trustsLosses = true;
  #checkedAt: Monotonic;
  /** The server's time minus the monotonic time since the start, ms. */
  #offset: number;

  constructor(clock: Clock, heartbeatTimeoutMs: Duration, streamAnswers: () => boolean = () => true) {
    this.#clock = clock;
    this.#timeout = heartbeatTimeoutMs;
    this.#streamAnswers = streamAnswers;
    this.#startedAt = clock.monotonic();
    this.#checkedAt = this.#startedAt;
    this.#offset = clock.now();
  }

  get active(): boolean {
    return this.#active;
  }

  /**
   * False for the rest of an outage in which this process was disconnected or suspended: a worker with a lost connection may
   * have reconnected unnoticed, so only its silence after the outage counts.
   */
  get trustsLosses(): boolean {
    return this.#trustsLosses;
  }

  /** This process is disconnected from NATS: it can neither receive nor write. */
  get disconnected(): boolean {
    return this.#disconnectedSince !== undefined;
  }

  /** How late overdue work may be, ms. */
  get grace(): Duration {
    if (!this.#active) return 0;
    const disconnectedFor =
      this.#disconnectedSince === undefined ? 0 : elapsed(this.#disconnectedSince, this.#clock.monotonic());
    return outageGrace + this.#unreachableFor + disconnectedFor;
  }

  /** Calls the listener with the cause when an outage begins, and with undefined when it ends. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  observerDisconnected(): void {
    this.#disconnectedSince ??= this.#clock.monotonic();
    this.#trustsLosses = false;
    this.begin('observerDisconnected');
  }

  observerReconnected(): void {
    if (this.#disconnectedSince === undefined) return;
    this.#unreachableFor += elapsed(this.#disconnectedSince, this.#clock.monotonic());
    this.#disconnectedSince = undefined;
    this.#trustsLosses = false;
    this.begin('observerDisconnected');
  }

  begin(cause: OutageCause): void {
    this.#until = after(this.#clock.monotonic(), this.#timeout);
    if (this.#active) return;
    this.#active = true;
    for (const listener of this.#listeners) listener(cause);
  }

  /** Call it at least once a second and before each decision: a late call or a clock jump is itself an outage. */
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
    if (this.#active && !this.#streamAnswers()) this.#until = after(now, this.#timeout);
    if (this.#active && this.#disconnectedSince === undefined && now >= this.#until) this.#end();
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
