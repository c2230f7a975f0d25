// A transition as event streams send it.

import { isOpen } from '../../job/task.ts';
import type { LogEntry } from '../../ports/jobLog.ts';
import { isoTime, isoTimeOrNull, workerOf } from './taskView.ts';

/** Made from the stream's headers alone, so without error and artifacts: those are in the job. */
export function taskEventView({ sequence, at, state }: LogEntry) {
  return {
    sequence,
    at: isoTime(at),
    job: state.of.job,
    task: state.of.task,
    name: state.of.name,
    pool: state.of.pool,
    state: state.state,
    run: state.run,
    attempt: state.attempt,
    attemptsLost: state.attemptsLost,
    reason: state.reason,
    worker: workerOf(state),
    startedAt: isoTimeOrNull(state.startedAt),
    dueAt: isOpen(state) ? isoTime(state.dueAt) : null,
    retryAt: state.state === 'waiting' ? isoTime(state.retryAt) : null,
  };
}
