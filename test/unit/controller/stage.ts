// A controller on fakes: a virtual clock, a log and heartbeats in memory, and a leadership that the test controls.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startController, type Controller } from '../../../src/controller/controller.ts';
import type { Running } from '../../../src/job/task.ts';
import { claimed, submitted } from '../../../src/job/transitions.ts';
import { startFollower, type Follower } from '../../../src/readmodel/follower.ts';
import { createControllerMetrics } from '../../../src/telemetry/metrics.ts';
import { settle, virtualClock } from '../../fakes/clock.ts';
import { fakeHeartbeats } from '../../fakes/heartbeats.ts';
import { fakeJobLog, type FakeJobLog } from '../../fakes/jobLog.ts';
import { fakeKeyRings } from '../../fakes/keyRing.ts';
import { fakeLeadership } from '../../fakes/leadership.ts';
import { fakeScrapeMarks } from '../../fakes/scrapeMarks.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
import { fakeTaskQueue, type FakeTaskQueue } from '../../fakes/taskQueue.ts';
import { identity } from '../../fakes/tasks.ts';

export const heartbeatTimeout = 6_000;
export const policy = { queueTimeout: 60_000, runTimeout: 120_000, attemptTimeout: 60_000, reviewTimeout: 30_000 };
export const taskOf = (over: Parameters<typeof identity>[0] = {}) => identity({ policy, total: 10, ...over });
/** A task as a heartbeat lists it. */
export const listed = (task: number, claim: number) => ({ job: taskOf().job, task, claim, progress: 0 });

export interface Actor {
  readonly controller: Controller;
  readonly follower: Follower;
  readonly registry: Registry;
  /** The lines that it logged. */
  readonly lines: Record<string, unknown>[];
  lead(leading: boolean): Promise<void>;
}

export class Stage {
  readonly clock = virtualClock();
  readonly log: FakeJobLog;
  readonly queue: FakeTaskQueue;
  readonly heartbeats = fakeHeartbeats();
  readonly pools = fakePoolRegistry();
  readonly marks = fakeScrapeMarks();
  readonly keys = fakeKeyRings(this.clock).ring({});
  readonly #closers: (() => Promise<void>)[] = [];

  /** `window`: how many messages before the end a follower that starts at the watermark is shown at least. */
  constructor(window = 100_000) {
    this.log = fakeJobLog({ clock: this.clock, window });
    this.queue = fakeTaskQueue({ stream: this.log.stream, clock: this.clock });
  }

  /** Starts a controller; it leads by default. */
  async startController(name = 'controller-1', leads = true): Promise<Actor> {
    const { clock, log, queue, heartbeats, pools, keys, marks } = this;
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const follower = startFollower({ log, clock, logger });
    const registry = new Registry();
    const leadership = fakeLeadership();
    leadership.allow(0);
    const controller = startController({
      name,
      log,
      queue,
      heartbeats,
      leadership,
      pools,
      keys,
      marks,
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
      leadership.allow(leading ? 1 : 0);
      if (!leading) leadership.depose();
      await settle();
    };
    await settle();
    if (leads) await lead(true);
    return { controller, follower, registry, lines, lead };
  }

  /** Submits and claims a task now. */
  startTask(task = 0, worker = 'worker-1', of = taskOf({ task })): { running: Running; claim: number } {
    const queued = submitted(of);
    this.log.append(queued);
    const running = claimed(queued, worker, 1, this.clock.now());
    return { running, claim: this.log.append(running).sequence };
  }

  declarePool(name: string, image: readonly string[] = []): void {
    void this.pools.declare({ name, provider: 'gemini', models: { image, text: [] }, policy: {} });
  }

  /** Advances the time while these workers send heartbeats every two seconds. */
  async advanceWithHeartbeats(ms: number, beats: () => void): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2_000) {
      beats();
      await this.clock.advance(Math.min(2_000, ms - passed));
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** The value of a metric with these labels; undefined if it was never set. */
export async function metric(
  registry: Registry,
  name: string,
  labels: Record<string, string>,
): Promise<number | undefined> {
  const { values } = await registry.getSingleMetric(name)!.get();
  return values.find((value) => Object.entries(labels).every(([key, wanted]) => value.labels[key] === wanted))?.value;
}
