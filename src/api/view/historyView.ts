// The JSON of a job's history: each message of its tasks as a transition.

import { isOpen } from '../../job/task.ts';
import type { DetailedEntry } from '../../ports/jobLog.ts';
import type { TransitionView } from './schemas.ts';
import { artifactView, errorView, isoTime, workerOf } from './taskView.ts';

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
    retryAt: state.state === 'waiting' ? isoTime(state.retryAt) : null,
    error: errorView(detail.error),
    usage: detail.usage ?? null,
    artifacts: (detail.artifacts ?? []).map((artifact) => artifactView(artifact, state)),
  };
}
