// Runs one controller of the operator on fakes, with a simple queue and with virtual time that the test advances.
import { scriptedKeys } from '../../fakes/keyRingView.ts';
import { parseCron } from '../../../src/adapters/cron/index.ts';
import { sharpImageReader } from '../../../src/adapters/images/index.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { informerFactory } from '../../../src/adapters/kubernetes/informer.ts';
import type { OperatorContext } from '../../../src/operator/context.ts';
import type { RecordedEvent } from '../../../src/operator/events/eventRecorder.ts';
import { createProblems } from '../../../src/operator/problems.ts';
import type { Controller } from '../../../src/operator/runtime/controller.ts';
import type { ResourceKey } from '../../../src/ports/kubernetes.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { after, earliest, never, type Monotonic } from '../../../src/job/time.ts';
import { createOperatorMetrics } from '../../../src/telemetry/metrics.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { FakeCluster } from '../../fakes/cluster.ts';
import { fakeHeartbeats } from '../../fakes/heartbeats.ts';
import { fakeJobLog } from '../../fakes/jobLog.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';
import { fakeTaskQueue } from '../../fakes/taskQueue.ts';
import { fakeTombstones } from '../../fakes/tombstones.ts';
import { until } from '../../support/until.ts';

export const start = Date.UTC(2026, 10, 22);
export const namespace = 'genwarden';
export const retentionMs = 7 * 86_400_000;

/** Everything outside the operator, which outlives a restart of it. */
export function fakeWorld() {
  const clock = virtualClock(start);
  const cluster = new FakeCluster();
  cluster.now = () => new Date(clock.now()).toISOString();
  const log = fakeJobLog({ clock });
  const queue = fakeTaskQueue({ stream: log.stream, clock });
  return {
    clock,
    cluster,
    log,
    queue,
    pools: fakePoolRegistry(),
    heartbeats: fakeHeartbeats(),
    tombstones: fakeTombstones(),
  };
}

export type World = ReturnType<typeof fakeWorld>;

export interface RunOptions {
  readonly context?: Partial<OperatorContext>;
  /** `after` advances the time in steps of at most this length; default: in one step. */
  readonly stepMs?: number;
}

/** Starts the controller as the leading operator would, and settles. Ends with the test. */
export async function runController(
  world: World,
  controllerOf: (context: OperatorContext) => Controller,
  { context: overrides = {}, stepMs = Infinity }: RunOptions = {},
) {
  const { clock, cluster, log } = world;
  const { context, events } = contextOf(world, overrides);
  const { follower } = context;
  await until(() => follower.ready().ready, { what: 'the follower to be ready' });
  const controller = controllerOf(context);
  const ending = new AbortController();
  const { enqueue, next } = simpleQueue(() => clock.monotonic());
  const errors: unknown[] = [];
  const stop = async (): Promise<void> => {
    ending.abort();
    await follower.close();
  };
  onTestFinished(stop);
  /** Waits until the follower and the informers have caught up; informers deliver in microtasks and turns of the event loop. */
  const cachesCurrent = async (): Promise<void> => {
    await until(() => follower.position().sequence >= log.stream.lastSequence, { what: 'the follower', intervalMs: 1 });
    for (let turns = 0; turns < 8; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const reconcile = async (key: ResourceKey): Promise<void> => {
    try {
      const result = await controller.reconcile(key, ending.signal);
      if (result?.requeueAfterMs !== undefined) enqueue(key, result.requeueAfterMs);
    } catch (error) {
      errors.push(error);
      enqueue(key, 1_000);
    }
  };
  /** Reconciles, one at a time, until nothing is due. */
  const settle = async (): Promise<void> => {
    for (;;) {
      await cachesCurrent();
      const key = next();
      if (key === undefined) return;
      await reconcile(key);
    }
  };
  const advance = async (ms: number): Promise<void> => {
    let passed = 0;
    do {
      clock.skip(Math.min(stepMs, ms - passed));
      await settle();
      passed += stepMs;
    } while (passed < ms);
  };
  await controller.start(enqueue, ending.signal);
  await until(() => cluster.openWatches > 0, { what: 'the watch', intervalMs: 1 });
  await settle();
  return { events, follower, errors, settle, after: advance, stop };
}

export type Operator = Awaited<ReturnType<typeof runController>>;

function contextOf(world: World, overrides: Partial<OperatorContext>) {
  const { clock, cluster, log } = world;
  const logger = pino({ level: 'silent' });
  const events: RecordedEvent[] = [];
  const problems = createProblems();
  const observed = { logger, metrics: createOperatorMetrics(new Registry()), clock, jitter: () => 0.5 };
  const context: OperatorContext = {
    ...world,
    ...observed,
    recorder: { record: (_object, event) => void events.push(event) },
    startInformer: informerFactory({ ...observed, cluster, reportProblem: problems.report }),
    problems,
    artifacts: fakeArtifactStore(),
    schemas: fakeSchemaChecker(),
    images: sharpImageReader(),
    cron: parseCron,
    keys: scriptedKeys(),
    follower: startFollower({ log, clock, logger }),
    installation: 'genwarden/genwarden',
    namespace,
    watchNamespaces: [],
    workerTemplate: undefined,
    retentionMs,
    heartbeatTimeoutMs: 6_000,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    ...overrides,
  };
  return { context, events };
}

/** Keys with the time at which they are due; the earliest of several times wins. */
function simpleQueue(now: () => Monotonic) {
  const due = new Map<string, { readonly key: ResourceKey; readonly at: Monotonic }>();
  const textOf = ({ namespace: space, name }: ResourceKey): string => `${space}/${name}`;
  return {
    enqueue: (key: ResourceKey, afterMs = 0): void => {
      const at = earliest(due.get(textOf(key))?.at ?? never, after(now(), afterMs));
      due.set(textOf(key), { key, at });
    },
    next: (): ResourceKey | undefined => {
      const found = [...due.values()].find(({ at }) => at <= now())?.key;
      if (found !== undefined) due.delete(textOf(found));
      return found;
    },
  };
}
