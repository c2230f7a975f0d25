// Pauses and resumes a pool's queue as spec.paused asks, without ending a pause that somebody set through the API. The
// condition Paused records who paused the queue, so that a restart of the operator does not forget it.

import type { OperatorParts } from '../context.ts';
import { isoTime, type Condition, type Stated, withConditions } from '../resources/conditions.ts';
import type { WorkerPool, WorkerPoolSpec } from '../resources/workerPool.ts';
import { writeStatus } from './apply.ts';
import type { PoolMemory } from './reconcileState.ts';

export interface PauseKept {
  readonly paused: boolean;
  readonly condition: Stated<'Paused'>;
}

/** ms after which the queue is asked again whether it is held back. */
const knownFor = 5_000;

/** Throws `Unavailable` where NATS does not answer, or the pool's queue is not made yet. */
export async function keepPause(
  parts: OperatorParts,
  memory: PoolMemory,
  pool: WorkerPool,
  { paused: wanted }: Pick<WorkerPoolSpec, 'paused'>,
): Promise<PauseKept> {
  const { name } = pool.metadata;
  const before = (memory.written?.status ?? pool.status)?.conditions?.find(({ type }) => type === 'Paused');
  const paused = await isPaused(parts, memory, name, wanted);
  const step = pauseStep({ wanted, paused, before });
  if (step.act === 'nothing') return { paused, condition: step.condition };
  await take(step, parts, memory, pool);
  const holds = step.act === 'pause';
  memory.pause = { at: parts.clock.monotonic(), wanted, paused: holds };
  tell(parts, pool, step.act);
  return { paused: holds, condition: step.condition };
}

async function isPaused({ queue, clock }: OperatorParts, memory: PoolMemory, name: string, wanted: boolean) {
  const known = memory.pause;
  const now = clock.monotonic();
  if (known !== undefined && known.wanted === wanted && now - known.at < knownFor) return known.paused;
  const paused = (await queue.paused(name)) !== undefined;
  memory.pause = { at: now, wanted, paused };
  return paused;
}

async function take({ act, condition }: PauseStep, parts: OperatorParts, memory: PoolMemory, pool: WorkerPool) {
  const { name, generation = 0 } = pool.metadata;
  if (act === 'resume') return parts.queue.resume(name);
  // Whose pause it is must be on record first: an operator that dies in between would leave one that nobody ends.
  const status = memory.written?.status ?? pool.status ?? {};
  const now = isoTime(parts.clock.now());
  const conditions = withConditions(status.conditions ?? [], [condition], generation, now);
  await writeStatus(parts, memory, pool, { ...status, conditions });
  await parts.queue.pause(name);
}

function tell({ recorder, logger }: OperatorParts, pool: WorkerPool, act: 'pause' | 'resume'): void {
  const { name } = pool.metadata;
  const note = act === 'pause' ? 'spec.paused: no task is given out; running ones go on' : 'Tasks are given out again';
  const reason = act === 'pause' ? 'Paused' : 'Resumed';
  recorder.record(pool, { type: 'Normal', reason, action: act === 'pause' ? 'Pause' : 'Resume', note });
  logger.info({ pool: name }, `Pool ${name} was ${reason.toLowerCase()} by its resource`);
}

export interface PauseSight {
  /** What the spec says. */
  readonly wanted: boolean;
  /** Whether the queue is held back now. */
  readonly paused: boolean;
  /** As the status says. */
  readonly before: Pick<Condition, 'status' | 'reason'> | undefined;
}

export interface PauseStep {
  readonly act: 'pause' | 'resume' | 'nothing';
  readonly condition: Stated<'Paused'>;
}

const pausedBySpec = 'PausedBySpec';

/** Only a pause that the resource has set is ended when the resource no longer asks for it. */
function pauseStep({ wanted, paused, before }: PauseSight): PauseStep {
  const isOurs = before?.status === 'True' && before.reason === pausedBySpec;
  if (wanted && (isOurs || !paused)) return { act: paused ? 'nothing' : 'pause', condition: ofSpec };
  if (!wanted && isOurs) return { act: paused ? 'resume' : 'nothing', condition: notPaused };
  return { act: 'nothing', condition: paused ? byOthers : notPaused };
}

const ofSpec: Stated<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: pausedBySpec,
  message: 'spec.paused holds the queue back; what runs goes on',
};

const byOthers: Stated<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: 'PausedByApi',
  message: 'The queue was paused through the API or the command line, and is resumed there',
};

const notPaused: Stated<'Paused'> = {
  type: 'Paused',
  status: 'False',
  reason: 'NotPaused',
  message: 'Workers are given tasks',
};
