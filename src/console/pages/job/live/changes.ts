// What an event changes in what the page knows of a job. Its details follow from the API; until then the page shows the change.

import type { Task, TaskChange, Transition } from '../../../../client/index.ts';

/** The task after a transition. What the event does not tell, such as artifacts, is that of before. */
export function taskAfter(task: Task, change: TaskChange): Task {
  const { state, run, attempt, reason, worker, startedAt, dueAt, retryAt, waitingFor, target, at } = change;
  if (state === 'deleted') return task;
  const sameAttempt = task.state === 'running' && state === 'running' && task.run === run && task.attempt === attempt;
  const isNewRun = run !== task.run;
  return {
    ...task,
    state,
    run,
    attempt,
    reason,
    worker,
    startedAt,
    dueAt,
    retryAt,
    waitingFor,
    target,
    progress: sameAttempt ? task.progress : dueAt === null ? 1 : 0,
    phase: sameAttempt ? task.phase : null,
    completedAt: state === 'succeeded' ? at : null,
    failedAt: state === 'failed' ? at : null,
    error: dueAt === null ? task.error : isNewRun ? null : task.error,
    ...(isNewRun ? { artifacts: [], output: null, queuedAt: at } : {}),
  } as Task;
}

/** The history with a transition that it lacks, in order. */
export function historyAfter(history: readonly Transition[], change: TaskChange): readonly Transition[] {
  if (history.some(({ sequence }) => sequence === change.sequence)) return history;
  const { sequence, at, task, name, run, attempt, attemptsLost, state, reason, worker, dueAt, retryAt } = change;
  const added: Transition = {
    sequence,
    at,
    task,
    name,
    run,
    attempt,
    attemptsLost,
    state,
    reason,
    message: '',
    worker,
    lane: null,
    dueAt,
    retryAt,
    error: null,
    usage: null,
    artifacts: [],
  };
  return [...history, added].toSorted((a, b) => a.sequence - b.sequence);
}

/** A text as it is written: pieces that belong at their offsets. Offset 0 begins a new text. */
export const textAfter = (text: string, { offset, text: piece }: { offset: number; text: string }): string =>
  text.slice(0, offset) + piece;
