// Drains a worker: it claims nothing more, attempts that finish in time are kept, and the others are requeued.

import type { WorkerContext } from './context.ts';
import { AttemptAborted } from './heldTasks.ts';

const drainTimeout = 25_000;
const handBack = 3_000;

/**
 * Resolves when nothing is held any more. Attempts have `drainTimeoutMs`; then they are aborted, and their hand-back has
 * `handBackMs`. To be called once `context.stopped` has aborted. Never rejects.
 */
export async function drainHeld({ heldTasks, options }: WorkerContext): Promise<void> {
  const { drainTimeoutMs = drainTimeout, handBackMs = handBack } = options;
  await heldTasks.empty(AbortSignal.timeout(drainTimeoutMs));
  heldTasks.abortAll(new AttemptAborted('drained', 'The worker is shutting down'));
  await heldTasks.empty(AbortSignal.timeout(handBackMs));
}
