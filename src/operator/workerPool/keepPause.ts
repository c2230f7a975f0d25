// Keeps the queue of a pool held back for as long as its resource says so.

import type { OperatorParts } from '../parts.ts';
import { withConditions, type Stated } from '../resources/condition.ts';
import type { WorkerPool, WorkerPoolSpec } from '../resources/workerPool.ts';
import type { PoolMemory } from './memory.ts';
import { pauseStep, type PauseStep } from './state/pause.ts';
import { writeStatus } from './writeStatus.ts';

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
  const now = new Date(parts.clock.now()).toISOString();
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
