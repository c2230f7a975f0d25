// Reconciles one WorkerPool: observes it, decides, applies, and reports the result in its status.

import type { ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorParts } from '../context.ts';
import { isoTime, type Stated } from '../resources/conditions.ts';
import { parseWorkerPool, type WorkerPool, type WorkerPoolSpec } from '../resources/workerPool.ts';
import { applyChildren, markPods, writeStatus } from './apply.ts';
import { poolDeclaration } from './children/poolFile.ts';
import { decide, type Decision, type Obstacle } from './decide/index.ts';
import { forgetPool, endPauseOfEarlier } from './removal.ts';
import { keepPause, type PauseKept } from './pause.ts';
import { lookAgainIn } from './decide/schedule.ts';
import type { PoolMemory, Term } from './reconcileState.ts';
import { observe, type Seen } from './observe/index.ts';
import { podProblem } from './observe/podProblem.ts';
import { readyCondition } from './decide/readyCondition.ts';
import { statusOf, writeDueIn } from './decide/status.ts';

/** ms until the next look. */
export async function reconcilePool(
  parts: OperatorParts,
  term: Term,
  key: ResourceKey,
  signal: AbortSignal,
): Promise<number> {
  const pool = term.pools.get(key);
  if (pool === undefined || pool.metadata.deletionTimestamp !== undefined) {
    await forgetPool(parts, term, key);
    return 600_000;
  }
  const memory = term.memories.of(pool.metadata);
  const parsed = parseWorkerPool(pool);
  if ('problems' in parsed) {
    const message = parsed.problems.map(({ path, message: wrong }) => `${path}: ${wrong}`).join('; ');
    return sayInvalid(parts, memory, pool, { reason: 'InvalidSpec', message });
  }
  await endPauseOfEarlier(parts, pool);
  await parts.pools.declare(poolDeclaration(pool.metadata, parsed.spec));
  return bringInLine(parts, term, pool, parsed.spec, signal);
}

async function bringInLine(
  parts: OperatorParts,
  term: Term,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
  signal: AbortSignal,
): Promise<number> {
  const memory = term.memories.of(pool.metadata);
  const pause = await pauseOrProblem(parts, memory, pool, spec);
  const seen = await observe(parts, term, pool, spec, pause.paused);
  const decision = decide(seen, memory);
  signal.throwIfAborted();
  memory.wishes = decision.aim.wishes;
  const obstacle = decision.obstacle ?? (await applyDecision(parts, memory, seen, decision));
  tellObstacle(parts, memory, pool, obstacle);
  const writtenIn = await tellStatus(parts, memory, seen, decision, obstacle, pause.condition);
  return lookAgainIn({ seen, decision, obstacle, writtenIn, pauseFailed: pause.condition === undefined });
}

/** NATS may be away, or the queue not made yet: the rest of the pool does not wait for it. */
async function pauseOrProblem(
  parts: OperatorParts,
  memory: PoolMemory,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
): Promise<PauseKept | { readonly paused: boolean; readonly condition: undefined }> {
  try {
    return await keepPause(parts, memory, pool, spec);
  } catch (err) {
    parts.logger.debug({ err, pool: pool.metadata.name }, 'The pause of a pool cannot be seen or set; trying again');
    return { paused: spec.paused, condition: undefined };
  }
}

async function applyDecision(
  parts: OperatorParts,
  memory: PoolMemory,
  seen: Seen,
  decision: Decision,
): Promise<Obstacle | undefined> {
  if (decision.obstacle !== undefined) return decision.obstacle;
  await markPods(parts, memory, seen, decision.scaleIn);
  return applyChildren(parts, memory, seen, decision.children);
}

function tellObstacle(
  { recorder }: OperatorParts,
  memory: PoolMemory,
  pool: WorkerPool,
  obstacle: Obstacle | undefined,
) {
  if (obstacle !== undefined && obstacle.message !== memory.told) {
    recorder.record(pool, { type: 'Warning', reason: obstacle.reason, action: 'Apply', note: obstacle.message });
  }
  memory.told = obstacle?.message;
}

/** Writes the status where it is due; else answers in how many ms it is. */
async function tellStatus(
  parts: OperatorParts,
  memory: PoolMemory,
  { pool, deployment, load, pods, spec }: Seen,
  decision: Decision,
  obstacle: Obstacle | undefined,
  paused: Stated | undefined,
): Promise<number | undefined> {
  const desired = decision.aim.replicas;
  const autoscales = spec.autoscaling !== undefined;
  const ready = readyCondition({ obstacle, desired, autoscales, deployment, podProblem: podProblem(pods) });
  const scaling: Stated = { type: 'Scaling', ...scalingOf(decision, obstacle) };
  const stated = [ready, scaling, ...(paused === undefined ? [] : [paused])];
  const before = memory.written?.status ?? pool.status ?? {};
  const now = isoTime(parts.clock.now());
  const status = statusOf({ metadata: pool.metadata, before, deployment, desired, load, stated, now });
  const since = parts.clock.monotonic() - (memory.written?.at ?? -Infinity);
  const due = writeDueIn(memory.written?.status ?? pool.status, status, since);
  if (due !== 0) return due;
  await writeStatus(parts, memory, pool, status);
  return undefined;
}

function scalingOf(decision: Decision, obstacle: Obstacle | undefined): Omit<Stated, 'type'> {
  if (decision.obstacle === undefined && obstacle === undefined) return decision.scaling;
  return { status: 'False', reason: 'NotReady', message: 'The workers stay as they are: see the condition Ready' };
}

async function sayInvalid(
  parts: OperatorParts,
  memory: PoolMemory,
  pool: WorkerPool,
  obstacle: Obstacle,
): Promise<number> {
  tellObstacle(parts, memory, pool, obstacle);
  const before = memory.written?.status ?? pool.status ?? {};
  const now = isoTime(parts.clock.now());
  const stated: Stated[] = [{ type: 'Ready', status: 'False', ...obstacle }];
  const status = statusOf({
    metadata: pool.metadata,
    before,
    deployment: undefined,
    desired: 0,
    load: undefined,
    stated,
    now,
  });
  if (writeDueIn(memory.written?.status, status, Infinity) === 0) await writeStatus(parts, memory, pool, status);
  return 600_000;
}
