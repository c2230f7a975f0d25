// The controller of GenerationJobs on the adapters in state and a stand-in of the API server, with time in the test's hands.
import { after as momentAfter, earliest, never, type Monotonic } from '../../../../src/job/time.ts';
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { fakeArtifactStore } from '../../../fakes/artifactStore.ts';
import { virtualClock, type VirtualClock } from '../../../fakes/clock.ts';
import { fakeHeartbeats, type FakeHeartbeats } from '../../../fakes/heartbeats.ts';
import { fakePoolRegistry } from '../../../fakes/poolRegistry.ts';
import { jobIdOfOwner } from '../../../../src/jobs/submit/index.ts';
import type { StatusWrite, TaskState } from '../../../../src/job/task.ts';
import { cancelled, claimed, failed, newRun, succeeded } from '../../../../src/job/transitions.ts';
import type { Controller } from '../../../../src/operator/runtime/controller.ts';
import type { RecordedEvent } from '../../../../src/operator/events/eventRecorder.ts';
import { generationJobController } from '../../../../src/operator/generationJob/controller.ts';
import type { ResourceKey } from '../../../../src/ports/kubernetes.ts';
import { informerFactory } from '../../../../src/adapters/kubernetes/informer.ts';
import type { OperatorContext } from '../../../../src/operator/context.ts';
import { createProblems } from '../../../../src/operator/problems.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { generationJobType } from '../../../../src/operator/resources/kinds.ts';
import type { PoolRegistry } from '../../../../src/ports/poolRegistry.ts';
import { startFollower, type Follower } from '../../../../src/readmodel/follower.ts';
import { createOperatorMetrics } from '../../../../src/telemetry/metrics.ts';
import { FakeCluster } from '../../../fakes/cluster.ts';
import { fakeJobLog, type FakeJobLog } from '../../../fakes/jobLog.ts';
import { until } from '../../../support/until.ts';

export const start = Date.UTC(2026, 10, 22);
export const retentionMs = 7 * 86_400_000;
export const aPool = (name = 'default') => ({
  name,
  provider: 'gemini',
  models: { image: ['gemini-3.1-flash-image'], text: ['gemini-2.5-flash'] },
  policy: {},
});

/** What outlives an operator. */
export interface World {
  readonly cluster: FakeCluster;
  readonly log: FakeJobLog;
  readonly clock: VirtualClock;
  readonly pools: PoolRegistry;
  readonly heartbeats: FakeHeartbeats;
}

export interface Operator {
  readonly events: RecordedEvent[];
  readonly follower: Follower;
  /** Errors of reconciles that were called again. */
  readonly errors: unknown[];
  /** Looks at everything that is due, until nothing is. */
  settle(): Promise<void>;
  /** The same, `ms` later. */
  after(ms: number): Promise<void>;
  /** How many keys wait for a later look. */
  readonly waiting: number;
  stop(): Promise<void>;
}

export async function aWorld(): Promise<World> {
  const clock = virtualClock(start);
  const cluster = new FakeCluster();
  cluster.now = () => new Date(clock.now()).toISOString();
  const pools = fakePoolRegistry();
  await pools.declare(aPool());
  return { cluster, log: fakeJobLog({ clock }), clock, pools, heartbeats: fakeHeartbeats() };
}

export async function anOperator(world: World, over: Partial<OperatorContext> = {}): Promise<Operator> {
  const { log, clock, cluster, pools, heartbeats } = world;
  const logger = pino({ level: 'silent' });
  const follower = startFollower({ log, clock, logger });
  const events: RecordedEvent[] = [];
  const problems = createProblems();
  const watched = { logger, metrics: createOperatorMetrics(new Registry()), clock, jitter: () => 0.5 };
  const context: OperatorContext = {
    cluster,
    recorder: { record: (_object, event) => void events.push(event) },
    startInformer: informerFactory({ ...watched, cluster, reportProblem: problems.report }),
    problems,
    log,
    queue: undefined as never,
    heartbeats,
    artifacts: fakeArtifactStore(),
    keys: undefined as never,
    pools,
    follower,
    ...watched,
    namespace: 'genwarden',
    watchNamespaces: [],
    workerTemplate: undefined,
    retentionMs,
    heartbeatTimeoutMs: 6_000,
    random: (bytes) => randomBytes(bytes),
    jitter: () => 0.5,
    ...over,
  };
  await until(() => follower.ready().ready, { what: 'the follower to be ready' });
  return drive(world, generationJobController(context), follower, events);
}

interface Due {
  readonly key: ResourceKey;
  at: Monotonic;
  failures: number;
}

/** A queue as plain as can be: one reconcile at a time, in the order of their times. */
async function drive(
  { clock, cluster, log }: World,
  controller: Controller,
  follower: Follower,
  events: RecordedEvent[],
): Promise<Operator> {
  const ending = new AbortController();
  const dues = new Map<string, Due>();
  const errors: unknown[] = [];
  const enqueue = (key: ResourceKey, afterMs = 0): void => {
    const text = `${key.namespace}/${key.name}`;
    const due = dues.get(text) ?? { key, at: never, failures: 0 };
    dues.set(text, { ...due, at: earliest(due.at, momentAfter(clock.monotonic(), afterMs)) });
  };
  const next = (): Due | undefined => [...dues.values()].find(({ at }) => at <= clock.monotonic());
  const look = async (due: Due): Promise<void> => {
    dues.delete(`${due.key.namespace}/${due.key.name}`);
    try {
      const again = await controller.reconcile(due.key, ending.signal);
      if (again?.requeueAfterMs !== undefined) enqueue(due.key, again.requeueAfterMs);
    } catch (error) {
      errors.push(error);
      enqueue(due.key, 1_000);
    }
  };
  /** Both caches have all that there is: they are told in microtasks and turns of the loop. */
  const heard = async (): Promise<void> => {
    await until(() => follower.position().sequence >= log.stream.lastSequence, { what: 'the follower', intervalMs: 1 });
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      await heard();
      const due = next();
      if (due === undefined) return;
      await look(due);
    }
  };
  const stop = async (): Promise<void> => {
    ending.abort();
    await follower.close();
  };
  onTestFinished(stop);
  await controller.start(enqueue, ending.signal);
  await until(() => cluster.openWatches > 0, { what: 'the watch', intervalMs: 1 });
  const after = async (ms: number): Promise<void> => {
    clock.skip(ms);
    await settle();
  };
  await settle();
  return {
    events,
    follower,
    errors,
    settle,
    after,
    stop,
    get waiting() {
      return dues.size;
    },
  };
}

export const key = (name: string, namespace = 'shop'): ResourceKey => ({ namespace, name });

/** A resource as a user creates it, with the schema's defaults. */
export function create(world: World, name: string, spec: object = {}, metadata: object = {}): GenerationJob {
  const body = { kind: 'image', pool: 'default', priority: 'normal', input: { prompt: 'a yard' } };
  return world.cluster.put<GenerationJob>(generationJobType, {
    metadata: { ...key(name), ...metadata },
    spec: { ...body, ttlSecondsAfterFinished: 86_400, ...spec },
  });
}

export const peek = (world: World, name: string, namespace = 'shop'): GenerationJob | undefined =>
  world.cluster.peek<GenerationJob>(generationJobType, key(name, namespace));

/** `Accepted=True Submitted`, by type. */
export function conditions(resource: GenerationJob | undefined): Record<string, string> {
  const all = resource?.status?.conditions ?? [];
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

export const statusWrites = ({ cluster }: World): number =>
  cluster.calls.filter(({ verb }) => verb === 'applyStatus').length;

/** What workers and others write to the job of a resource. */
export function hands({ log, clock }: World, resource: GenerationJob) {
  const job = jobIdOfOwner(resource.metadata.uid);
  const last = async (task: number): Promise<TaskState> => (await log.read(job))!.tasks[task]!.last.state;
  const write = (state: StatusWrite['state'], message: string): void => void log.append(state, { message });
  const running = async (task: number) => {
    const state = await last(task);
    if (state.state !== 'running') throw new Error(`task ${task} is ${state.state}`);
    return state;
  };
  return {
    job,
    read: () => log.read(job),
    async claim(task = 0) {
      const state = await last(task);
      if (state.state !== 'queued') throw new Error(`task ${task} is ${state.state}`);
      write(claimed(state, 'worker-1', 1, clock.now()), 'Claimed');
    },
    succeed: async (task = 0) => write(succeeded(await running(task), clock.now()), 'Succeeded'),
    fail: async (
      task = 0,
      code: 'AttemptTimeout' | 'InvalidRequest' = 'AttemptTimeout',
      message = 'It took too long',
    ) => write(failed(await running(task), code as never, clock.now()), message),
    cancel: async (task = 0) => write(cancelled(await running(task), clock.now()), 'Cancelled by somebody'),
    async retry(task = 0) {
      const record = (await log.read(job))!.tasks[task]!;
      const state = newRun(record.last.state as never, 'Retried', clock.now());
      log.append(state, { message: 'Again', request: record.request });
    },
  };
}
