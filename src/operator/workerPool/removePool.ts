// Removes a pool whose WorkerPool was deleted. Kubernetes garbage-collects its workers, which the WorkerPool owns.

import type { ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import type { WorkerPool } from '../resources/workerPool.ts';
import type { Term } from './reconcileState.ts';

/**
 * Removes the declaration, so that submits to the pool are refused. A declaration that a worker made from its own settings
 * stays. Open tasks stay queued until they are due. Throws `Unavailable`.
 */
export async function removePool(context: OperatorContext, term: Term, { name }: ResourceKey): Promise<void> {
  term.states.forget(name);
  term.attemptDurations.forget(name);
  if (context.pools.find(name)?.owner === undefined) return;
  await endPause(context, name);
  await context.pools.remove(name);
  context.logger.info({ pool: name }, `Pool ${name} removed: its WorkerPool was deleted`);
}

/** A new pool does not inherit the pause of a deleted pool of the same name. */
export async function endPauseOfFormerPool(context: OperatorContext, { metadata }: WorkerPool): Promise<void> {
  const { owner } = context.pools.find(metadata.name) ?? {};
  if (owner !== undefined && owner !== metadata.uid) await endPause(context, metadata.name);
}

async function endPause({ queue, logger }: OperatorContext, pool: string): Promise<void> {
  try {
    if ((await queue.paused(pool)) !== undefined) await queue.resume(pool);
  } catch (err) {
    // Without a queue there is no pause to end.
    logger.debug({ err, pool }, 'Could not resume the queue of a deleted pool');
  }
}
