// A process of the simulation: what runs in it knows so by the async context, so that its timers stop with it.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.ts';
import type { Planned, Schedule } from './schedule.ts';

/** The process in which the present code runs; undefined outside of any simulation. */
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

/** The moment at which simulations begin, by the server's clock. */
export const epoch = Date.UTC(2026, 10, 22);

export class Process {
  readonly name: string;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly lateness: number;
  skew: number;
  readonly #bornAt: number;
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
    this.#bornAt = schedule.now;
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
    return this.schedule.now - this.#bornAt;
  }

  /** Runs something as this process. */
  enter<T>(run: () => T): T {
    return running.run(this, run);
  }

  /** Runs it then, at the thaw if it is frozen by then, never if it is dead. */
  after(ms: number, run: () => void): Planned {
    return this.schedule.after(ms + this.random.next() * this.lateness, () => this.receive(run));
  }

  /** Something reaches the process now. */
  receive(run: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) this.#late.push(run);
    else this.enter(run);
  }

  freeze(): void {
    this.#frozen = true;
  }

  /** All that came meanwhile happens now, one after the other. */
  thaw(): void {
    this.#frozen = false;
    for (const run of this.#late.splice(0)) this.schedule.after(0, () => this.receive(run));
  }

  /** Nothing of it ever runs again. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#late.length = 0;
    for (const tell of this.#atEnd) tell();
  }

  /** Called, outside of the process, when it has ended. */
  onEnd(tell: () => void): () => void {
    this.#atEnd.add(tell);
    return () => this.#atEnd.delete(tell);
  }
}
