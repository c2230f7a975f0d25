// A simulated process. The async context carries it, so that its timers stop with it.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.ts';
import type { Planned, Schedule } from './schedule.ts';

/** The process in which the current code runs; undefined outside simulations. */
export const running = new AsyncLocalStorage<Process>();

export interface ProcessOptions {
  readonly name: string;
  readonly schedule: Schedule;
  readonly random: Random;
  /** This machine's wall clock less the server's, ms. */
  readonly skew?: number;
  /** ms by which its timers may be late. */
  readonly lateness?: number;
}

/** The server's time at the start of each simulation. */
export const epoch = Date.UTC(2026, 10, 22);

export class Process {
  readonly name: string;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly lateness: number;
  skew: number;
  readonly #startedAt: number;
  readonly #late: (() => void)[] = [];
  readonly #atEnd = new Set<() => void>();
  #alive = true;
  #frozen = false;

  constructor({ name, schedule, random, skew = 0, lateness = 0 }: ProcessOptions) {
    this.name = name;
    this.schedule = schedule;
    this.random = random;
    this.skew = skew;
    this.lateness = lateness;
    this.#startedAt = schedule.now;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Its wall clock, ms. */
  wall(): number {
    return Math.floor(epoch + this.schedule.now + this.skew);
  }

  /** ms since it was started. */
  monotonic(): number {
    return this.schedule.now - this.#startedAt;
  }

  /** Runs something as this process. */
  enter<T>(run: () => T): T {
    return running.run(this, run);
  }

  /** Calls `run` after `ms`; at the thaw if the process is frozen by then, never if it is dead. */
  after(ms: number, run: () => void): Planned {
    return this.schedule.after(ms + this.random.next() * this.lateness, () => this.receive(run));
  }

  /** Calls `run` in the process now; at the thaw if it is frozen, never if it is dead. */
  receive(run: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#late.push(run);
    else this.enter(run);
  }

  freeze(): void {
    this.#frozen = true;
  }

  /** Runs everything that arrived meanwhile, in order. */
  thaw(): void {
    this.#frozen = false;
    for (const run of this.#late.splice(0)) this.schedule.after(0, () => this.receive(run));
  }

  /** Ends the process: none of its code runs again. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#late.length = 0;
    for (const listener of this.#atEnd) listener();
  }

  /** Calls `listener`, outside the process, when it has ended. */
  onEnd(listener: () => void): () => void {
    this.#atEnd.add(listener);
    return () => this.#atEnd.delete(listener);
  }
}
