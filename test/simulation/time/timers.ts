// Replaces timers and clocks for the code under test: each simulated process gets its own. Code that runs in no simulated
// process gets the real ones.

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import perfHooks from 'node:perf_hooks';
import timersPromises from 'node:timers/promises';
import { running, type Process } from './process.ts';
import type { Planned } from './schedule.ts';

let installed = false;

/** Call it before the first simulation; repeated calls are harmless. */
export function installVirtualTime(): void {
  if (installed) return;
  installed = true;
  installTimers();
  installClocks();
  timersPromises.setTimeout = pauseWith(timersPromises.setTimeout) as typeof timersPromises.setTimeout;
  perfHooks.monitorEventLoopDelay = byProcess(perfHooks.monitorEventLoopDelay, () => noHistogram);
  // Slow to read for every heartbeat, and different each time.
  process.memoryUsage.rss = byProcess(process.memoryUsage.rss, () => 0);
  os.hostname = byProcess(os.hostname, (simulated) => simulated.name);
  syncBuiltinESMExports();
}

/** The real function outside simulations, else `simulated`, which receives the process as its first argument. */
function byProcess<Args extends unknown[], T>(
  real: (...args: Args) => T,
  simulated: (process: Process, ...args: Args) => unknown,
): (...args: Args) => T {
  return function (this: unknown, ...args: Args) {
    const process = running.getStore();
    return process === undefined ? real.apply(this, args) : (simulated(process, ...args) as T);
  };
}

type Callback = (...args: unknown[]) => void;

function installTimers(): void {
  const start = (process: Process, run: Callback, ms?: number, ...args: unknown[]) =>
    new VirtualTimer(process, () => run(...args), ms, false);
  const repeat = (process: Process, run: Callback, ms?: number, ...args: unknown[]) =>
    new VirtualTimer(process, () => run(...args), ms, true);
  const stopWith = (real: (timer?: never) => void) => (timer?: unknown) =>
    timer instanceof VirtualTimer ? timer.close() : real(timer as never);
  Object.assign(globalThis, {
    setTimeout: byProcess(globalThis.setTimeout as Callback, start as never),
    setInterval: byProcess(globalThis.setInterval as Callback, repeat as never),
    setImmediate: byProcess(
      globalThis.setImmediate as Callback,
      ((process: Process, run: Callback) => new VirtualTimer(process, run, 0, false)) as never,
    ),
    clearTimeout: stopWith(globalThis.clearTimeout),
    clearInterval: stopWith(globalThis.clearInterval),
    clearImmediate: stopWith(globalThis.clearImmediate),
  });
  AbortSignal.timeout = byProcess(AbortSignal.timeout, (process, ms: number) => {
    const stop = new AbortController();
    process.after(ms, () => stop.abort(new DOMException('The operation timed out', 'TimeoutError')));
    return stop.signal;
  });
}

function installClocks(): void {
  Date.now = byProcess(Date.now, (process) => process.wall());
  performance.now = byProcess(performance.now.bind(performance), (process) => process.monotonic());
  Math.random = byProcess(Math.random, (process) => process.random.next());
}

/** As in Node.js: at least 1 ms, and 1 ms for delays that are too long. */
const delayOf = (ms: number | undefined): number => (ms !== undefined && ms >= 1 && ms <= 2_147_483_647 ? ms : 1);

class VirtualTimer {
  readonly #process: Process;
  readonly #run: () => void;
  readonly #ms: number;
  readonly #repeats: boolean;
  #planned: Planned | undefined;
  #closed = false;

  constructor(process: Process, run: () => void, ms: number | undefined, repeats: boolean) {
    this.#process = process;
    this.#run = run;
    this.#ms = delayOf(ms);
    this.#repeats = repeats;
    this.#plan();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  close(): void {
    this.#closed = true;
    if (this.#planned !== undefined) this.#process.schedule.cancel(this.#planned);
  }

  #plan(): void {
    this.#planned = this.#process.after(this.#ms, () => this.#fire());
  }

  #fire(): void {
    // It may have been cleared between its time and a thaw.
    if (this.#closed) return;
    if (this.#repeats) this.#plan();
    this.#run();
  }
}

/** Created once, because capturing its stack trace is slow and no code reads it. */
const aborted = new DOMException('The operation was aborted', 'AbortError');

type Pause = (ms?: number, value?: unknown, options?: { signal?: AbortSignal }) => Promise<unknown>;

function pauseWith(real: unknown): Pause {
  return byProcess(real as Pause, (process, ms, value, { signal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const abort = (): void => {
      timer.close();
      reject(aborted);
    };
    const timer = new VirtualTimer(
      process,
      () => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      },
      ms,
      false,
    );
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    return promise;
  });
}

/** A real histogram holds an event-loop handle while its worker lives, and a crashed worker never releases it. */
const noHistogram = { enable: () => true, disable: () => true, reset: () => undefined, max: 0 };
