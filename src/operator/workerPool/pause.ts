// Pauses and resumes a pool's queue as spec.paused asks, without ending a pause that was set through the API. The
// condition Paused records who paused the queue, so that a restart of the operator does not forget it.

import { elapsed } from '../../job/time.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime, type Condition, type NewCondition, setConditions } from '../resources/conditions.ts';
import type { WorkerPool, WorkerPoolSpec } from '../resources/workerPool.ts';
import { writeStatus } from './apply.ts';
import type { PoolState } from './reconcileState.ts';

export interface PauseResult {
  readonly paused: boolean;
  readonly condition: NewCondition<'Paused'>;
}

/** How long the known pause of the queue is cached, ms. */
const knownFor = 4_000;

/** Throws `Unavailable` if NATS does not answer or the queue of the pool does not exist yet. */
export async function reconcilePause(
  context: OperatorContext,
  state: PoolState,
  pool: WorkerPool,
  { paused: wanted }: Pick<WorkerPoolSpec, 'paused'>,
): Promise<PauseResult> {
  const { name } = pool.metadata;
  const before = (state.written?.status ?? pool.status)?.conditions?.find(({ type }) => type === 'Paused');
  const paused = await isPaused(context, state, name, wanted);
  const step = pauseStep({ wanted, paused, before });
  if (step.act === 'nothing') return { paused, condition: step.condition };
  await applyStep(step, context, state, pool);
  const holds = step.act === 'pause';
  state.pause = { at: context.clock.monotonic(), wanted, paused: holds };
  recordPause(context, pool, step.act);
  return { paused: holds, condition: step.condition };
}

async function isPaused({ queue, clock }: OperatorContext, state: PoolState, name: string, wanted: boolean) {
  const known = state.pause;
  const now = clock.monotonic();
  if (known !== undefined && known.wanted === wanted && elapsed(known.at, now) < knownFor) return known.paused;
  const paused = (await queue.paused(name)) !== undefined;
  state.pause = { at: now, wanted, paused };
  return paused;
}

async function applyStep({ act, condition }: PauseStep, context: OperatorContext, state: PoolState, pool: WorkerPool) {
  const { name, generation = 0 } = pool.metadata;
  if (act === 'resume') return context.queue.resume(name);
  // Records the owner of the pause first: an operator that dies in between would leave a pause that nothing ends.
  const status = state.written?.status ?? pool.status ?? {};
  const now = isoTime(context.clock.now());
  const conditions = setConditions(status.conditions ?? [], [condition], generation, now);
  await writeStatus(context, state, pool, { ...status, conditions });
  await context.queue.pause(name);
}

const notes = {
  pause: 'Paused by spec.paused: no new task starts, running tasks continue',
  resume: 'Resumed: tasks start again',
};

export function recordPause(
  { recorder, logger }: OperatorContext,
  pool: WorkerPool,
  act: 'pause' | 'resume',
  note: string = notes[act],
): void {
  const { name } = pool.metadata;
  const reason = act === 'pause' ? 'Paused' : 'Resumed';
  recorder.record(pool, { type: 'Normal', reason, action: act === 'pause' ? 'Pause' : 'Resume', note });
  const event = act === 'pause' ? 'pool_paused' : 'pool_resumed';
  logEvent(logger, event, { pool: name }, `Pool ${name} was ${reason.toLowerCase()} by its WorkerPool`);
}

export interface PauseInput {
  /** spec.paused. */
  readonly wanted: boolean;
  /** Whether the queue is paused now. */
  readonly paused: boolean;
  /** The current condition Paused. */
  readonly before: Pick<Condition, 'status' | 'reason'> | undefined;
}

export interface PauseStep {
  readonly act: 'pause' | 'resume' | 'nothing';
  readonly condition: NewCondition<'Paused'>;
}

const pausedBySpec = 'PausedBySpec';

/** Ends only a pause that spec.paused started. */
function pauseStep({ wanted, paused, before }: PauseInput): PauseStep {
  const isOurs = before?.status === 'True' && before.reason === pausedBySpec;
  if (wanted && (isOurs || !paused)) return { act: paused ? 'nothing' : 'pause', condition: ofSpec };
  if (!wanted && isOurs) return { act: paused ? 'resume' : 'nothing', condition: notPaused };
  return { act: 'nothing', condition: paused ? byOthers : notPaused };
}

const ofSpec: NewCondition<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: pausedBySpec,
  message: 'Paused by spec.paused; running tasks continue',
};

const byOthers: NewCondition<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: 'PausedByApi',
  message: 'Paused through the API or the command line; resume it there',
};

const notPaused: NewCondition<'Paused'> = {
  type: 'Paused',
  status: 'False',
  reason: 'NotPaused',
  message: 'Workers receive tasks',
};
