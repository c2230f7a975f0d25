// The controller of WorkerPools on fakes, and what users and Kubernetes do to its resources.
import type { ApplyConfiguration, ResourceKey, ResourceType } from '../../../../src/ports/kubernetes.ts';
import type { OperatorContext } from '../../../../src/operator/context.ts';
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
import { fakeWorld, namespace, runController, type Operator } from '../harness.ts';

export { namespace, start } from '../harness.ts';

const template = {
  metadata: { labels: { 'app.kubernetes.io/instance': 'release' } },
  spec: { containers: [{ name: 'worker', image: 'genwarden:test', args: ['worker'] }] },
};

export function aWorld() {
  const world = fakeWorld();
  const secret = (name: string, values: Record<string, string>): void => {
    const data = Object.fromEntries(Object.entries(values).map(([entry, value]) => [entry, btoa(value)]));
    world.cluster.put(secretType, { metadata: key(name), data });
  };
  return { ...world, secret };
}

export type World = ReturnType<typeof aWorld>;

export const key = (name: string): ResourceKey => ({ namespace, name });

/** Creates or changes a pool as a user would, with the defaults of the schema. */
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

/** `after` advances the time in steps that miss no reconcile. */
export const anOperator = (world: World, context: Partial<OperatorContext> = {}): Promise<Operator> =>
  runController(world, workerPoolController, {
    context: { workerTemplate: template, retentionMs: 86_400_000, ...context },
    stepMs: 250,
  });

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

/** Acts as the Deployment and ReplicaSet controllers: the desired number of pods, all ready, those with the lowest cost deleted first. */
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
