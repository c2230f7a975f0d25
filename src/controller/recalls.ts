// Which of the tasks that a beat lists are no longer the worker's: it is told so in answer to each such beat.

import { isOpen, type Sequence, type TaskState } from '../job/task.ts';
import type { Beat, Recall } from '../ports/heartbeats.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';

interface LastMessages {
  task(job: JobId, task: TaskIndex): { readonly sequence: Sequence; readonly state: TaskState } | undefined;
}

export function recallsFor(beat: Beat, index: LastMessages): Recall[] {
  return beat.tasks.flatMap(({ job, task, claim }) => {
    // A claim of 0 is under way; and an index that has not seen the claim yet must not judge it.
    if (claim === 0) return [];
    const known = index.task(job, task);
    if (known === undefined || known.sequence <= claim || mayStillCount(known.state)) return [];
    return [{ job, task, claim, reason: known.state.reason }];
  });
}

/**
 * A task that was requeued for the loss of its worker, who turns out to live: as long as nobody else has claimed it, a
 * result is adopted, and the call is billed in any case.
 */
function mayStillCount(state: TaskState): boolean {
  return isOpen(state) && state.state === 'queued' && state.reason === 'WorkerLost';
}
