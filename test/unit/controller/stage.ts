// A controller on fakes: a virtual clock, a log and heartbeats in memory, a leadership that the test gives and takes.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startController, type Controller } from '../../../src/controller/controller.ts';
import type { Running } from '../../../src/job/task.ts';
import { claimed, submitted } from '../../../src/job/transitions.ts';
import type { KeyState } from '../../../src/ports/keyRing.ts';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import { startFollower, type Follower } from '../../../src/readmodel/follower.ts';
import { createControllerMetrics } from '../../../src/telemetry/metrics.ts';
import { FakeHeartbeats } from '../../fakes/fakeHeartbeats.ts';
import { FakeLog } from '../../fakes/fakeLog.ts';
import { identity } from '../../fakes/tasks.ts';
import { settle, virtualClock } from '../../fakes/clock.ts';

export const heartbeatTimeout = 6_000;
export const policy = { queueTimeout: 60_000, runTimeout: 120_000, attemptTimeout: 60_000, reviewTimeout: 30_000 };
export const taskOf = (over: Parameters<typeof identity>[0] = {}) => identity({ policy, total: 10, ...over });
/** A task as a heartbeat lists it. */
export const listed = (task: number, claim: number) => ({ job: taskOf().job, task, claim, progress: 0 });

export interface Actor {
  readonly controller: Controller;
  readonly follower: Follower;
  readonly registry: Registry;
  /** Each line of its log. */
  readonly lines: Record<string, unknown>[];
  lead(leading: boolean): Promise<void>;
}

export class Stage {
  readonly clock = virtualClock();
  readonly log = new FakeLog(this.clock);
  readonly heartbeats = new FakeHeartbeats();
  readonly ensured: string[] = [];
  /** What the queue counts as acknowledged in lane `normal`. */
  settled = 0;
  readonly pools: PoolDeclaration[] = [];
  readonly paused = new Set<string>();
  keys: readonly KeyState[] = [];
  #declare: ((pool: PoolDeclaration) => void)[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  /** A controller that follows; it leads unless told otherwise. */
  async enter(name = 'controller-1', leads = true): Promise<Actor> {
    const { clock, log, heartbeats } = this;
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const follower = startFollower({ log, clock, logger });
    const registry = new Registry();
    const leadership = new GivenLeadership();
    const controller = startController({
      name,
      log,
      queue: {
        ensurePool: async (pool: string) => void this.ensured.push(pool),
        paused: async (pool: string) => (this.paused.has(pool) ? { until: null } : undefined),
        settled: async () => ({ again: 0, high: 0, normal: this.settled, low: 0 }),
      } as never,
      heartbeats,
      leadership,
      pools: {
        list: () => this.pools,
        find: (pool: string) => this.pools.find((declared) => declared.name === pool),
        declare: async () => undefined,
        remove: async () => undefined,
        onChange: (listener: (pool: PoolDeclaration) => void) => void this.#declare.push(listener),
      },
      keys: { state: async () => this.keys },
      clock,
      follower,
      metrics: createControllerMetrics(registry),
      logger,
      heartbeatTimeoutMs: heartbeatTimeout,
      random: () => 0.5,
    });
    this.#closers.push(
      () => controller.close(),
      () => follower.close(),
    );
    const lead = async (leading: boolean): Promise<void> => {
      leadership.give(leading);
      await settle();
    };
    await settle();
    if (leads) await lead(true);
    return { controller, follower, registry, lines, lead };
  }

  /** A task is submitted and claimed in this moment. */
  startTask(task = 0, worker = 'worker-1', of = taskOf({ task })): { running: Running; claim: number } {
    const queued = submitted(of);
    this.log.append(queued);
    const running = claimed(queued, worker, 1, this.clock.now());
    return { running, claim: this.log.append(running).sequence };
  }

  declarePool(name: string): void {
    const pool: PoolDeclaration = { name, provider: 'gemini', models: { image: [], text: [] }, policy: {} };
    this.pools.push(pool);
    for (const declare of this.#declare) declare(pool);
  }

  /** Lets time pass with these workers beating every two seconds. */
  async beating(ms: number, beats: () => void): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2_000) {
      beats();
      await this.clock.advance(Math.min(2_000, ms - passed));
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** Leadership as the test gives and takes it; a leader that returns has resigned until it is given it again. */
class GivenLeadership {
  #term: AbortController | undefined;
  #changed: () => void = () => undefined;
  #mayLead = false;

  give(leading: boolean): void {
    this.#mayLead = leading;
    if (!leading) this.#term?.abort();
    this.#changed();
  }

  async campaign(
    _candidate: unknown,
    lead: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    signal.addEventListener('abort', () => {
      this.#term?.abort();
      this.#changed();
    });
    while (!signal.aborted) {
      if (this.#mayLead) {
        this.#term = new AbortController();
        await lead(this.#term.signal);
        this.#mayLead = false;
      }
      if (!signal.aborted && !this.#mayLead) await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}

/** The value of a metric with these labels, or undefined where it was never set. */
export async function metric(
  registry: Registry,
  name: string,
  labels: Record<string, string>,
): Promise<number | undefined> {
  const { values } = await registry.getSingleMetric(name)!.get();
  return values.find((value) => Object.entries(labels).every(([key, wanted]) => value.labels[key] === wanted))?.value;
}
