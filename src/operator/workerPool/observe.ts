// One look at a pool: its resource, its children, its keys and its queue, as they are now.

import type { OperatorParts } from '../parts.ts';
import type { WorkerPool, WorkerPoolSpec } from '../resources/workerPool.ts';
import { childName, poolLabel } from './children/names.ts';
import type { ParsedTemplate } from './children/workerTemplate.ts';
import type { PoolMemory } from './memory.ts';
import { readKeys, type KeysSeen } from './observe/keySecrets.ts';
import type { Deployment, Pod } from './observe/kubeTypes.ts';
import { loadOf, runningByWorker, type PoolLoad } from './observe/poolLoad.ts';
import { podSights } from './observe/podSights.ts';
import type { PodSight } from './scaling/scaleIn.ts';
import type { Term } from './term.ts';

export interface Seen {
  readonly pool: WorkerPool;
  readonly spec: WorkerPoolSpec;
  readonly template: ParsedTemplate;
  readonly keys: KeysSeen;
  readonly deployment: Deployment | undefined;
  readonly pods: readonly Pod[];
  readonly sights: readonly PodSight[];
  readonly load: PoolLoad | undefined;
  readonly meanAttemptMs: number;
  readonly paused: boolean;
  /** Monotonic, ms. */
  readonly now: number;
}

/** ms for which the values of Secrets count as known; while one is missing it is looked for more often. */
const keysKnownFor = 10_000;
const missingKeysKnownFor = 3_000;

/** Throws `KubeError` where the API server does not tell of a Secret. */
export async function observe(
  parts: OperatorParts,
  term: Term,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
  paused: boolean,
): Promise<Seen> {
  const { follower, clock } = parts;
  const { name, namespace } = pool.metadata;
  const memory = term.memories.of(pool.metadata);
  const pods = term.pods.list().filter(({ metadata }) => metadata.labels?.[poolLabel] === name);
  const source = { index: follower.index, ready: () => follower.ready() };
  const beats = term.workers.list().flatMap(({ beat }) => (beat.pool === name ? beat : []));
  return {
    pool,
    spec,
    template: term.template,
    keys: await keysOf(parts, memory, pool, spec),
    deployment: newest(term.deployments.get({ namespace, name: childName(name) }), memory.applied?.deployment),
    pods,
    sights: podSights(pods, beats, runningByWorker(source, name)),
    load: loadOf(source, name),
    meanAttemptMs: term.pace.mean(name),
    paused,
    now: clock.monotonic(),
  };
}

/** The cache may be behind what the operator itself has just written. */
function newest(cached: Deployment | undefined, applied: Deployment | undefined): Deployment | undefined {
  if (cached === undefined || applied === undefined || cached.metadata.uid !== applied.metadata.uid) return cached;
  return (applied.metadata.generation ?? 0) > (cached.metadata.generation ?? 0) ? applied : cached;
}

async function keysOf(
  { cluster, clock }: OperatorParts,
  memory: PoolMemory,
  { metadata }: WorkerPool,
  spec: WorkerPoolSpec,
): Promise<KeysSeen> {
  const now = clock.monotonic();
  const of = JSON.stringify(spec.keys);
  const known = memory.keys;
  if (known !== undefined && known.of === of) {
    const lasts = 'hash' in known.seen ? keysKnownFor : missingKeysKnownFor;
    if (now - known.at < lasts) return known.seen;
  }
  const seen = await readKeys(cluster, metadata, spec);
  memory.keys = { at: now, of, seen };
  return seen;
}
