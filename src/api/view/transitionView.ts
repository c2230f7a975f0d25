// The JSON of a transition: as event streams send it, and in the history of a job.

import { targetOf } from '../../job/target.ts';
import { isOpen } from '../../job/task.ts';
import type { Waits } from '../../jobs/waitObserver.ts';
import type { DetailedEntry, LogEntry } from '../../ports/jobLog.ts';
import type { PartialText } from '../../ports/partialTexts.ts';
import type { TransitionView } from './schemas.ts';
import { isoTime } from '../../job/time.ts';
import { artifactView, errorView, flagsView, waitingForView, workerOf, isoTimeOrNull } from './taskView.ts';

/** In stream order, across all tasks. */
export function historyView(entries: readonly DetailedEntry[]): TransitionView[] {
  return entries.toSorted((a, b) => a.sequence - b.sequence).map(transitionView);
}

function transitionView({ sequence, at, state, detail }: DetailedEntry): TransitionView {
  return {
    sequence,
    at: isoTime(at),
    task: state.of.task,
    name: state.of.name,
    run: state.run,
    attempt: state.attempt,
    attemptsLost: state.attemptsLost,
    state: state.state,
    reason: state.reason,
    message: detail.message,
    worker: workerOf(state),
    lane: state.state === 'queued' ? state.lane : null,
    dueAt: isOpen(state) ? isoTime(state.dueAt) : null,
    retryAt: state.state === 'waiting' && state.retryAt !== null ? isoTime(state.retryAt) : null,
    error: errorView(detail.error),
    usage: detail.usage ?? null,
    artifacts: (detail.artifacts ?? []).map((artifact) => artifactView(artifact, state)),
    ...flagsView(detail),
  };
}

/** Built from the stream's headers only. The error and the artifacts are part of the job. */
export function taskEventView({ sequence, at, state }: LogEntry, waits: Waits) {
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
    retryAt: state.state === 'waiting' && state.retryAt !== null ? isoTime(state.retryAt) : null,
    waitingFor: waitingForView(waits({ sequence, state })),
    target: isOpen(state) ? { ...targetOf(state) } : null,
  };
}

/** A `progress` event with the next piece of a running task's text. */
export function textEventView({ job, task, worker, progress, run, attempt, offset, text }: PartialText) {
  return { job, task, worker, progress, partial: { run, attempt, offset, text } };
}
