// The controller of WorkerPools on the adapters in state and a stand-in of the API server, with time in the test's hands.
import { after as momentAfter, earliest, never, type Monotonic } from '../../../../src/job/time.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { fakeArtifactStore } from '../../../fakes/artifactStore.ts';
import { virtualClock } from '../../../fakes/clock.ts';
import { fakePoolRegistry } from '../../../fakes/poolRegistry.ts';
import { fakeTaskQueue } from '../../../fakes/taskQueue.ts';
import type { RecordedEvent } from '../../../../src/operator/events/eventRecorder.ts';
import type { ApplyConfiguration, ResourceKey, ResourceType } from '../../../../src/ports/kubernetes.ts';
import { informerFactory } from '../../../../src/adapters/kubernetes/informer.ts';
import type { OperatorContext } from '../../../../src/operator/context.ts';
import { createProblems } from '../../../../src/operator/problems.ts';
import { workerPoolType } from '../../../../src/operator/resources/kinds.ts';
import type { WorkerPool } from '../../../../src/operator/resources/workerPool.ts';
import { labelsOf, childName } from '../../../../src/operator/workerPool/children/names.ts';
import { workerPoolController } from '../../../../src/operator/workerPool/controller.ts';
import {
  configMapType,
  deploymentType,
  disruptionBudgetType,
  podType,
  secretType,
} from '../../../../src/operator/resources/builtInKinds.ts';
import { startFollower } from '../../../../src/readmodel/follower.ts';
import { createOperatorMetrics } from '../../../../src/telemetry/metrics.ts';
import { FakeCluster } from '../../../fakes/cluster.ts';
import { fakeHeartbeats } from '../../../fakes/heartbeats.ts';
import { fakeJobLog } from '../../../fakes/jobLog.ts';
import { until } from '../../../support/until.ts';

export const namespace = 'genwarden';
export const start = Date.UTC(2026, 10, 22);

const template = {
  metadata: { labels: { 'app.kubernetes.io/instance': 'release' } },
  spec: { containers: [{ name: 'worker', image: 'genwarden:test', args: ['worker'] }] },
};

/** What outlives an operator. */
export function aWorld() {
  const clock = virtualClock(start);
  const cluster = new FakeCluster();
  cluster.now = () => new Date(clock.now()).toISOString();
  const log = fakeJobLog({ clock });
  const queue = fakeTaskQueue({ stream: log.stream, clock });
  const secret = (name: string, values: Record<string, string>): void => {
    const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)]));
    cluster.put(secretType, { metadata: key(name), data });
  };
  return { clock, cluster, log, queue, pools: fakePoolRegistry(), heartbeats: fakeHeartbeats(), secret };
}

export type World = ReturnType<typeof aWorld>;

export const key = (name: string): ResourceKey => ({ namespace, name });

/** A pool as a user makes or changes it, with the schema's defaults. */
export function putPool({ cluster }: World, spec: object = {}, name = 'default'): WorkerPool {
  const defaults = {
    provider: 'gemini',
    models: { image: ['painter'] },
    keys: [],
    concurrency: 4,
    paused: false,
    replicas: 1,
  };
  return cluster.put<WorkerPool>(workerPoolType, { metadata: key(name), spec: { ...defaults, ...spec } });
}

export const twoKeys = [
  { secretKeyRef: { name: 'gemini', key: 'one' }, requestsPerMinute: 60 },
  { secretKeyRef: { name: 'gemini', key: 'two' } },
];

export async function anOperator(world: World, over: Partial<OperatorContext> = {}) {
  const { log, clock, cluster, pools, queue, heartbeats } = world;
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
    queue,
    heartbeats,
    artifacts: fakeArtifactStore(),
    keys: undefined as never,
    pools,
    follower,
    ...watched,
    namespace,
    watchNamespaces: [],
    workerTemplate: template,
    retentionMs: 86_400_000,
    heartbeatTimeoutMs: 6_000,
    random: (bytes) => new Uint8Array(bytes),
    jitter: () => 0.5,
    ...over,
  };
  await until(() => follower.ready().ready, { what: 'the follower to be ready' });
  const controller = workerPoolController(context);
  const ending = new AbortController();
  const due = new Map<string, Monotonic>();
  const errors: unknown[] = [];
  const enqueue = ({ name }: ResourceKey, afterMs = 0): void =>
    void due.set(name, earliest(due.get(name) ?? never, momentAfter(clock.monotonic(), afterMs)));
  const stop = async (): Promise<void> => {
    ending.abort();
    await follower.close();
  };
  onTestFinished(stop);

  const heard = async (): Promise<void> => {
    await until(() => follower.position().sequence >= log.stream.lastSequence, { what: 'the follower', intervalMs: 1 });
    for (let turns = 0; turns < 8; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      await heard();
      const next = [...due].find(([, at]) => at <= clock.monotonic());
      if (next === undefined) return;
      due.delete(next[0]);
      try {
        const again = await controller.reconcile(key(next[0]), ending.signal);
        if (again?.requeueAfterMs !== undefined) enqueue(key(next[0]), again.requeueAfterMs);
      } catch (error) {
        errors.push(error);
        enqueue(key(next[0]), 1_000);
      }
    }
  };
  /** Lets the time pass in steps that no look is missed in. */
  const after = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.skip(Math.min(250, ms - passed));
      await settle();
    }
  };
  await controller.start(enqueue, ending.signal);
  await settle();
  return { events, errors, settle, after, stop };
}

const peek = ({ cluster }: World, type: ResourceType, name: string): ApplyConfiguration | undefined =>
  cluster.peek(type, key(name)) as ApplyConfiguration | undefined;

export const childrenIn = (world: World, pool = 'default') => ({
  // oxlint-disable-next-line typescript/no-explicit-any
  deployment: peek(world, deploymentType, childName(pool)) as any,
  // oxlint-disable-next-line typescript/no-explicit-any
  configMap: peek(world, configMapType, childName(pool)) as any,
  // oxlint-disable-next-line typescript/no-explicit-any
  budget: peek(world, disruptionBudgetType, childName(pool)) as any,
});

export const statusOf = ({ cluster }: World, pool = 'default') =>
  cluster.peek<WorkerPool>(workerPoolType, key(pool))?.status;

/** `True Available` by type. */
export function conditions(world: World, pool = 'default'): Record<string, string> {
  const all = statusOf(world, pool)?.conditions ?? [];
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

export const statusWrites = ({ cluster }: World): number =>
  cluster.calls.filter(({ verb }) => verb === 'applyStatus').length;

/** As the controllers of Deployments and ReplicaSets do: pods as many as asked for, the cheapest gone first, all ready. */
export function runPods(world: World, pool = 'default'): string[] {
  const { cluster } = world;
  const { spec, metadata } = childrenIn(world, pool).deployment;
  const pods = cluster.all(podType).filter((pod) => pod.metadata.labels?.['genwarden.dev/pool'] === pool);
  const cost = ({ metadata: { annotations } }: (typeof pods)[number]): number =>
    Number(annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
  const surplus = pods.toSorted((a, b) => cost(a) - cost(b)).slice(0, Math.max(0, pods.length - spec.replicas));
  for (const pod of surplus) cluster.remove(podType, pod.metadata);
  for (let born = pods.length; born < spec.replicas; born += 1) {
    const name = `${childName(pool)}-${world.clock.now()}-${born}`;
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    cluster.put(podType, { metadata: { ...key(name), labels: labelsOf(pool) }, spec: { nodeName: 'n' }, status });
  }
  const { generation: observedGeneration } = metadata as { generation: number };
  const count = spec.replicas as number;
  const status = { observedGeneration, replicas: count, updatedReplicas: count, readyReplicas: count };
  cluster.setStatus(deploymentType, key(childName(pool)), status);
  return cluster.all(podType).map((pod) => pod.metadata.name);
}
