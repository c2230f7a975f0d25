// The attempts that a worker must stop because its tasks were cancelled, failed or requeued. Cancellations may get lost, so
// every heartbeat that still lists such a task is answered with one.

import type { JobId, TaskIndex } from '../job/ids.ts';
import { isOpen, type Sequence, type TaskState } from '../job/task.ts';
import type { Beat, Cancellation } from '../ports/heartbeats.ts';

interface LastMessages {
  task(job: JobId, task: TaskIndex): { readonly sequence: Sequence; readonly state: TaskState } | undefined;
}

export function cancellationsFor(beat: Beat, index: LastMessages): Cancellation[] {
  return beat.tasks.flatMap(({ job, task, claim }) => {
    // A claim of 0 is in flight, and an index that has not seen the claim yet cannot judge it.
    if (claim === 0) return [];
    const known = index.task(job, task);
    if (known === undefined || known.sequence <= claim || mayStillCount(known.state)) return [];
    return [{ job, task, claim, reason: known.state.reason }];
  });
}

/**
 * The task was requeued because its worker seemed lost, but the worker lives. Until another worker claims the task, its
 * result can still be adopted, and the call is billed anyway.
 */
function mayStillCount(state: TaskState): boolean {
  return isOpen(state) && state.state === 'queued' && state.reason === 'WorkerLost';
}
