// Is what this process sees to be trusted? During an outage nobody is judged by silence, and overdue work may be later.

import { after, elapsed, longAgo, type Monotonic } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';

export type OutageCause = 'observerAway' | 'writeFailed' | 'clockJumped' | 'processPaused' | 'workersSilent';

/** ms that overdue work is given in an outage, beside the time for which nobody could have reported. */
const outageGrace = 15_000;
/** A step of the server's time against ours that is no correction any more, ms. */
const jump = 1_000;

export interface OutageOptions {
  readonly clock: Clock;
  readonly heartbeatTimeout: number;
  /** Called at the begin of an outage, and at its end with undefined. */
  readonly onChange: (cause: OutageCause | undefined) => void;
}

/** An outage ends one heartbeat timeout after its last cause, or after this process's own reconnect. */
export class OutageWatch {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #onChange: OutageOptions['onChange'];
  #awaySince: Monotonic | undefined;
  #until = longAgo;
  /** ms for which nobody could have reported in this outage. */
  #blind = 0;
  #active = false;
  #deaf = false;
  #lookedAt: Monotonic;
  readonly #startedAt: Monotonic;
  /** The server's time less the time that has passed since the start, ms. */
  #ahead: number;

  constructor({ clock, heartbeatTimeout, onChange }: OutageOptions) {
    this.#clock = clock;
    this.#timeout = heartbeatTimeout;
    this.#onChange = onChange;
    this.#lookedAt = clock.monotonic();
    this.#startedAt = this.#lookedAt;
    this.#ahead = clock.now();
  }

  get active(): boolean {
    return this.#active;
  }

  /**
   * In this outage this process was cut off or stood still: a lost connection that it knows of may have come back
   * unheard, so that only beats after the outage tell.
   */
  get deaf(): boolean {
    return this.#deaf;
  }

  /** This process is cut off: it can neither hear nor write. */
  get away(): boolean {
    return this.#awaySince !== undefined;
  }

  /** ms by which overdue work may be late. */
  get grace(): number {
    if (!this.#active) return 0;
    const away = this.#awaySince === undefined ? 0 : elapsed(this.#awaySince, this.#clock.monotonic());
    return outageGrace + this.#blind + away;
  }

  observerAway(): void {
    this.#awaySince ??= this.#clock.monotonic();
    this.#deaf = true;
    this.begin('observerAway');
  }

  observerBack(): void {
    if (this.#awaySince === undefined) return;
    this.#blind += elapsed(this.#awaySince, this.#clock.monotonic());
    this.#awaySince = undefined;
    this.#deaf = true;
    this.begin('observerAway');
  }

  begin(cause: OutageCause): void {
    this.#until = after(this.#clock.monotonic(), this.#timeout);
    if (this.#active) return;
    this.#active = true;
    this.#onChange(cause);
  }

  /** To be called at least once a second, and before judging: a late call or a step of time is an outage of its own. */
  look(): void {
    const monotonic = this.#clock.monotonic();
    const ahead = this.#clock.now() - elapsed(this.#startedAt, monotonic);
    const pause = elapsed(this.#lookedAt, monotonic);
    const step = Math.abs(ahead - this.#ahead);
    this.#lookedAt = monotonic;
    this.#ahead = ahead;
    if (pause >= this.#timeout / 2 && pause >= 2_000) {
      this.#deaf = true;
      this.#beginBlind('processPaused', pause);
    }
    if (step >= jump) this.#beginBlind('clockJumped', step);
    if (this.#active && this.#awaySince === undefined && monotonic >= this.#until) this.#end();
  }

  #beginBlind(cause: OutageCause, blind: number): void {
    this.#blind += blind;
    this.begin(cause);
  }

  #end(): void {
    this.#active = false;
    this.#deaf = false;
    this.#blind = 0;
    this.#onChange(undefined);
  }
}
