// Reconciles one WorkerPool: observes it, decides, applies, and reports the result in its status.

import { elapsed, longAgo } from '../../job/time.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime, type NewCondition } from '../resources/conditions.ts';
import { parseWorkerPool, type WorkerPool, type WorkerPoolSpec } from '../resources/workerPool.ts';
import { applyChildren, markPods, writeStatus } from './apply.ts';
import { poolDeclaration } from './children/poolFile.ts';
import { decide, type Decision, type Obstacle } from './decide/index.ts';
import { readyCondition } from './decide/readyCondition.ts';
import { statusOf, writeDueIn } from './decide/status.ts';
import { observe, type ObservedPool } from './observe/index.ts';
import { podProblem } from './observe/podProblem.ts';
import { reconcilePause, recordPause, type PauseResult } from './pause.ts';
import type { PoolState, Term } from './reconcileState.ts';

/** Returns the ms until the next reconcile. */
export async function reconcilePool(
  context: OperatorContext,
  term: Term,
  key: ResourceKey,
  signal: AbortSignal,
): Promise<number> {
  const pool = term.pools.get(key);
  if (pool === undefined || pool.metadata.deletionTimestamp !== undefined) {
    await removePool(context, term, key);
    return 600_000;
  }
  const state = term.states.of(pool.metadata);
  const parsed = parseWorkerPool(pool);
  if ('problems' in parsed) {
    const message = parsed.problems.map(({ path, message: wrong }) => `${path}: ${wrong}`).join('; ');
    return reportInvalidSpec(context, state, pool, { reason: 'InvalidSpec', message });
  }
  await endPauseOfFormerPool(context, pool);
  await context.pools.declare(poolDeclaration(pool.metadata, parsed.spec));
  return reconcileValid(context, term, pool, parsed.spec, signal);
}

/**
 * For a pool whose WorkerPool was deleted; Kubernetes garbage-collects its workers, which the WorkerPool owns.
 * Removes the declaration, so that submits to the pool are refused. A declaration that a worker made from its own settings
 * stays. Open tasks stay queued until they are due. Throws `Unavailable`.
 */
async function removePool(context: OperatorContext, term: Term, { name }: ResourceKey): Promise<void> {
  term.states.forget(name);
  term.attemptDurations.forget(name);
  if (context.pools.find(name)?.owner === undefined) return;
  if (await endPause(context, name))
    logEvent(context.logger, 'pool_resumed', { pool: name }, `The pause of pool ${name} ended with its WorkerPool`);
  await context.pools.remove(name);
  logEvent(context.logger, 'pool_removed', { pool: name }, `Pool ${name} removed: its WorkerPool was deleted`);
}

/** A new pool does not inherit the pause of a deleted pool of the same name. */
async function endPauseOfFormerPool(context: OperatorContext, pool: WorkerPool): Promise<void> {
  const { name, uid } = pool.metadata;
  const { owner } = context.pools.find(name) ?? {};
  if (owner === undefined || owner === uid || !(await endPause(context, name))) return;
  recordPause(context, pool, 'resume', 'Resumed: the pause was of an earlier WorkerPool of this name');
}

/** Whether there was a pause. */
async function endPause({ queue, logger }: OperatorContext, pool: string): Promise<boolean> {
  try {
    if ((await queue.paused(pool)) === undefined) return false;
    await queue.resume(pool);
    return true;
  } catch (err) {
    // Without a queue there is no pause to end.
    logger.debug({ err, pool }, 'Could not resume the queue of a deleted pool');
    return false;
  }
}

async function reconcileValid(
  context: OperatorContext,
  term: Term,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
  signal: AbortSignal,
): Promise<number> {
  const state = term.states.of(pool.metadata);
  const pause = await tryReconcilePause(context, state, pool, spec);
  const observed = await observe(context, term, pool, spec, pause.paused);
  const decision = decide(observed, state);
  signal.throwIfAborted();
  state.recommendations = decision.desired.recommendations;
  const obstacle = decision.obstacle ?? (await applyDecision(context, state, observed, decision));
  reportObstacle(context, state, pool, obstacle);
  const statusDueIn = await updateStatus(context, state, observed, decision, obstacle, pause.condition);
  return requeueAfter({ observed, decision, obstacle, statusDueIn, pauseFailed: pause.condition === undefined });
}

/** NATS may be unreachable, or the queue not created yet. That must not block the rest of the pool. */
async function tryReconcilePause(
  context: OperatorContext,
  state: PoolState,
  pool: WorkerPool,
  spec: WorkerPoolSpec,
): Promise<PauseResult | { readonly paused: boolean; readonly condition: undefined }> {
  try {
    return await reconcilePause(context, state, pool, spec);
  } catch (err) {
    context.logger.debug({ err, pool: pool.metadata.name }, 'Could not read or change the pause of a pool; retrying');
    return { paused: spec.paused, condition: undefined };
  }
}

async function applyDecision(
  context: OperatorContext,
  state: PoolState,
  observed: ObservedPool,
  decision: Decision,
): Promise<Obstacle | undefined> {
  if (decision.obstacle !== undefined) return decision.obstacle;
  await markPods(context, state, observed, decision.scaleIn);
  return applyChildren(context, state, observed, decision.children);
}

function reportObstacle(
  { recorder }: OperatorContext,
  state: PoolState,
  pool: WorkerPool,
  obstacle: Obstacle | undefined,
) {
  if (obstacle !== undefined && obstacle.message !== state.reported) {
    recorder.record(pool, { type: 'Warning', reason: obstacle.reason, action: 'Apply', note: obstacle.message });
  }
  state.reported = obstacle?.message;
}

/** Writes the status if it is due; otherwise returns the ms until it is. */
async function updateStatus(
  context: OperatorContext,
  state: PoolState,
  { pool, deployment, load, pods, spec }: ObservedPool,
  decision: Decision,
  obstacle: Obstacle | undefined,
  paused: NewCondition | undefined,
): Promise<number | undefined> {
  const desired = decision.desired.replicas;
  const autoscales = spec.autoscaling !== undefined;
  const ready = readyCondition({ obstacle, desired, autoscales, deployment, podProblem: podProblem(pods) });
  const scaling: NewCondition = { type: 'Scaling', ...scalingOf(decision, obstacle) };
  const conditions = [ready, scaling, ...(paused === undefined ? [] : [paused])];
  const before = state.written?.status ?? pool.status ?? {};
  const now = isoTime(context.clock.now());
  const status = statusOf({ metadata: pool.metadata, before, deployment, desired, load, conditions, now });
  const since = elapsed(state.written?.at ?? longAgo, context.clock.monotonic());
  const due = writeDueIn(state.written?.status ?? pool.status, status, since);
  if (due !== 0) return due;
  await writeStatus(context, state, pool, status);
  return undefined;
}

function scalingOf(decision: Decision, obstacle: Obstacle | undefined): Omit<NewCondition, 'type'> {
  if (decision.obstacle === undefined && obstacle === undefined) return decision.scaling;
  return {
    status: 'False',
    reason: 'NotReady',
    message: 'The operator does not change the workers; see the condition Ready',
  };
}

async function reportInvalidSpec(
  context: OperatorContext,
  state: PoolState,
  pool: WorkerPool,
  obstacle: Obstacle,
): Promise<number> {
  reportObstacle(context, state, pool, obstacle);
  const before = state.written?.status ?? pool.status ?? {};
  const now = isoTime(context.clock.now());
  const conditions: NewCondition[] = [{ type: 'Ready', status: 'False', ...obstacle }];
  const status = statusOf({
    metadata: pool.metadata,
    before,
    deployment: undefined,
    desired: 0,
    load: undefined,
    conditions,
    now,
  });
  if (writeDueIn(state.written?.status, status, Infinity) === 0) await writeStatus(context, state, pool, status);
  return 600_000;
}

interface RequeueInput {
  readonly observed: ObservedPool;
  readonly decision: Decision;
  readonly obstacle: Obstacle | undefined;
  /** ms until the status is due to be written; undefined if it is up to date. */
  readonly statusDueIn: number | undefined;
  readonly pauseFailed: boolean;
}

/** A pause over the API changes nothing that is watched. */
const quiet = 5_000;
const atWork = 2_000;
const scalingIn = 500;
const blocked = 3_000;

/** When to reconcile the pool again without an event, ms. */
function requeueAfter({ observed, decision, obstacle, statusDueIn = quiet, pauseFailed }: RequeueInput): number {
  const { queued = 0, running = 0 } = observed.load ?? {};
  const waitsFor = decision.obstacle === undefined ? decision.scaleIn.waitsFor : undefined;
  return Math.min(
    quiet,
    Math.max(50, statusDueIn),
    ...(queued + running > 0 || observed.load === undefined || pauseFailed ? [atWork] : []),
    ...(waitsFor === undefined ? [] : [scalingIn]),
    ...(obstacle === undefined && observed.deployment !== undefined ? [] : [blocked]),
  );
}
