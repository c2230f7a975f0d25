// The log events of jobs and tasks. Their names are part of the public interface.

import { define, ofTask } from './entry.ts';

const ofAttempt = [...ofTask, 'worker', 'durationMs'] as const;

export const jobEvents = define({
  generation_started: {
    level: 'info',
    fields: [...ofTask, 'worker', 'prompt'],
    when: 'A worker claimed a task and starts an attempt.',
  },
  generation_completed: {
    level: 'info',
    fields: [...ofAttempt, 'detail'],
    when: "A task succeeded, or awaits review. `durationMs` is the attempt's.",
  },
  generation_failed: {
    level: 'warn',
    fields: [...ofAttempt, 'detail'],
    when: 'An attempt or a task failed. `reason` is the error code. After `attempt_timeout` and the like it is written only for the end of the task.',
  },
  generation_cancelled: {
    level: 'info',
    fields: ofAttempt,
    when: 'A task was cancelled, or a worker stopped an attempt because the task was taken from it.',
  },
  attempt_timeout: {
    level: 'warn',
    fields: ofAttempt,
    when: 'An attempt reached its time limit.',
  },
  run_timeout: {
    level: 'warn',
    fields: ofAttempt,
    when: 'A run used up its time for running and backoff.',
  },
  worker_lost: {
    level: 'warn',
    fields: ofAttempt,
    when: "A worker's heartbeats stopped, or its connection closed, while it ran this task.",
  },
  worker_left: {
    level: 'info',
    fields: ofAttempt,
    when: 'A worker that stopped in order left this task, because it could not return it to the queue in time.',
  },
  task_orphaned: {
    level: 'warn',
    fields: ofAttempt,
    when: 'A worker is alive, but its heartbeats no longer list this task. It points to a bug.',
  },
  task_requeued: {
    level: 'info',
    fields: [...ofAttempt, 'detail'],
    when: 'A task was requeued; `reason` says why.',
  },
  invariant_violated: {
    level: 'error',
    fields: [...ofTask, 'invariant'],
    when: 'A message of the task breaks an invariant: it points to a bug.',
  },
  status_write_refused: {
    level: 'warn',
    fields: ofAttempt,
    when: 'Another process had written first. The result was dropped or adopted.',
  },
  status_write_failed: {
    level: 'error',
    fields: [...ofAttempt, 'err'],
    when: 'NATS did not accept a status. The process offers it again.',
  },
  claim_unconfirmed: {
    level: 'warn',
    fields: [...ofTask, 'worker', 'err'],
    when: 'NATS did not confirm a claim. The worker returned the task to the queue.',
  },
  attempt_error: {
    level: 'error',
    fields: [...ofTask, 'worker', 'err'],
    when: 'An attempt failed unexpectedly. It points to a bug.',
  },
  slot_failed: {
    level: 'error',
    fields: ['job', 'task', 'err'],
    when: 'A slot of a worker failed unexpectedly. The controller recovers its task. It points to a bug.',
  },
  task_reconcile_failed: {
    level: 'error',
    fields: ['job', 'task', 'err'],
    when: 'The controller could not reconcile a task. It tries again.',
  },
});
