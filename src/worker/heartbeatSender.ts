// Sends the worker's heartbeats. It deliberately runs on the main thread: a worker with a blocked event loop must look dead.

import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Instant } from '../job/task.ts';
import type { HeldTasks } from './heldTasks.ts';
import type { MemoryGate } from './memoryGate.ts';
import type { WorkerOptions } from './options.ts';
import type { Slots } from './slots.ts';

/** ms; the histogram adds this interval to every delay. */
const resolution = 20;

export class HeartbeatSender {
  readonly #options: WorkerOptions;
  readonly #heldTasks: HeldTasks;
  readonly #slots: Slots;
  readonly #memory: Pick<MemoryGate, 'used' | 'limit'>;
  readonly #lag = monitorEventLoopDelay({ resolution });
  readonly #startedAt: Instant;
  readonly #timer: NodeJS.Timeout;
  #number = 0;
  #draining = false;
  #stopped = false;

  /** Sends the first heartbeat immediately, then three per heartbeat timeout. */
  constructor(options: WorkerOptions, heldTasks: HeldTasks, slots: Slots, memory: Pick<MemoryGate, 'used' | 'limit'>) {
    this.#options = options;
    this.#heldTasks = heldTasks;
    this.#slots = slots;
    this.#memory = memory;
    this.#startedAt = options.clock.now();
    this.#lag.enable();
    this.beat();
    this.#timer = setInterval(() => this.beat(), options.heartbeatTimeoutMs / 3);
  }

  /** The number of the next heartbeat, the first to list a task that is held from now on. */
  get nextNumber(): number {
    return this.#number + 1;
  }

  beat(): void {
    this.#number += 1;
    const {
      name,
      pool,
      version = 'unknown',
      heartbeats,
      queue,
      storage,
      isStandIn,
      providerCheck,
      keysInUse,
    } = this.#options;
    const parts = queue.partsServed(pool);
    const full = storage?.full();
    const provider = providerCheck?.();
    const keys = keysInUse?.();
    const { total, busy, leaked } = this.#slots;
    const { used, limit } = this.#memory;
    heartbeats.beat({
      worker: name,
      pool,
      host: hostname(),
      pid: process.pid,
      version,
      startedAt: this.#startedAt,
      number: this.#number,
      tasks: this.#heldTasks.beatTasks(),
      slots: { total, busy, leaked },
      eventLoopLag: this.#takeLag(),
      memory: process.memoryUsage.rss(),
      attemptMemory: { used, limit },
      draining: this.#draining,
      ...(this.#stopped ? { stopped: true } : {}),
      ...(parts === 0 ? {} : { parts }),
      ...(isStandIn?.() === true ? { standIn: true } : {}),
      ...(keys === undefined ? {} : { keys }),
      ...(provider === undefined ? {} : { provider }),
      ...(full === undefined ? {} : { storage: full }),
    });
    this.#showUse();
  }

  /** Reports the drain immediately and in every later heartbeat. */
  drain(): void {
    this.#draining = true;
    this.beat();
  }

  /** Sends a last heartbeat, so that observers see at once that the worker has ended. */
  close(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
    this.beat();
    this.#lag.disable();
  }

  /** The longest lag since the last heartbeat, ms. */
  #takeLag(): number {
    const lag = Math.max(0, Math.round(this.#lag.max / 1e6 - resolution));
    this.#lag.reset();
    this.#options.metrics.eventLoopLag.observe(lag / 1_000);
    return lag;
  }

  #showUse(): void {
    const { metrics, pool } = this.#options;
    const { free, busy, leaked } = this.#slots;
    for (const [state, count] of Object.entries({ free, busy, leaked })) metrics.slots.set({ pool, state }, count);
    metrics.memoryInFlight.set({ pool }, this.#memory.used);
    metrics.memoryLimit.set({ pool }, this.#memory.limit);
  }
}
