// Finds the attempts that a worker must stop because the task was cancelled, failed or requeued. Cancellations can get lost,
// so the controller answers every heartbeat that still lists such a task with another one.

import type { JobId, TaskIndex } from '../job/ids.ts';
import { isOpen, type Sequence, type TaskState } from '../job/task.ts';
import type { Beat, Cancellation } from '../ports/heartbeats.ts';

interface LastMessages {
  task(job: JobId, task: TaskIndex): { readonly sequence: Sequence; readonly state: TaskState } | undefined;
}

export function cancellationsFor(beat: Beat, index: LastMessages): Cancellation[] {
  return beat.tasks.flatMap(({ job, task, claim }) => {
    // A claim of 0 is in flight. An index that has not seen the claim yet cannot judge it.
    if (claim === 0) return [];
    const known = index.task(job, task);
    if (known === undefined || known.sequence <= claim || mayStillCount(known.state)) return [];
    return [{ job, task, claim, reason: known.state.reason }];
  });
}

/**
 * The task was requeued because its worker seemed lost, but the worker is alive. Its result can still be adopted until
 * another worker claims the task, and the provider bills the call in any case.
 */
function mayStillCount(state: TaskState): boolean {
  return isOpen(state) && state.state === 'queued' && state.reason === 'WorkerLost';
}
