// Jobs as the API returns them, from the few fields that a test sets.

import type { Job, State, Task } from '../../src/client/index.ts';

export type FakeJob = Job & { tasks: Task[] };

const states: readonly State[] = ['running', 'queued', 'waiting', 'needs_review', 'failed', 'cancelled', 'succeeded'];
const reasons = {
  queued: 'Submitted',
  running: 'Claimed',
  waiting: 'ProviderUnavailable',
  needs_review: 'AwaitingReview',
  succeeded: 'Succeeded',
  failed: 'AttemptTimeout',
  cancelled: 'Cancelled',
} as const;

export function fakeTask(index: number, state: State, more: Partial<Task> = {}): Task {
  const started = state !== 'queued';
  const open = ['queued', 'running', 'waiting', 'needs_review'].includes(state);
  return {
    index,
    name: null,
    state,
    run: 1,
    attempt: started ? 1 : 0,
    progress: open ? 0 : 1,
    phase: null,
    metadata: {},
    queuedAt: '2026-01-01T00:00:00.000Z',
    startedAt: started ? '2026-01-01T00:00:02.000Z' : null,
    completedAt: state === 'succeeded' ? '2026-01-01T00:00:10.000Z' : null,
    failedAt: state === 'failed' ? '2026-01-01T00:00:32.000Z' : null,
    dueAt: open ? '2026-01-01T00:15:00.000Z' : null,
    retryAt: state === 'waiting' ? '2026-01-01T00:10:04.000Z' : null,
    reason: reasons[state],
    message: `It is ${state}.`,
    error:
      state === 'failed'
        ? {
            code: 'AttemptTimeout',
            message: 'No answer within 30 s',
            retryable: true,
            hint: 'Look at the provider.',
            provider: null,
          }
        : null,
    waitingFor: null,
    worker: started ? 'worker-1' : null,
    target: open ? { pool: 'default', model: 'gemini-3.1-flash-image' } : null,
    used: null,
    output: null,
    usage: null,
    artifacts: [],
    ...more,
  } as Task;
}

export function fakeJob(id: string, tasks: Task[]): FakeJob {
  const count = (state: State): number => tasks.filter((task) => task.state === state).length;
  const counts = Object.fromEntries(states.map((state) => [state, count(state)])) as Record<State, number>;
  const state = states.find((each) => counts[each] > 0)!;
  const open = ['queued', 'running', 'waiting', 'needs_review'].includes(state);
  return {
    id,
    tenant: 'default',
    kind: 'image',
    pool: 'default',
    model: 'gemini-3.1-flash-image',
    priority: 'normal',
    group: null,
    prompt: 'a front yard with native plants',
    thumbnails: [],
    traceId: null,
    state,
    submittedAt: '2026-01-01T00:00:00.000Z',
    startedAt: tasks.find(({ startedAt }) => startedAt !== null)?.startedAt ?? null,
    finishedAt: open ? null : '2026-01-01T00:00:32.000Z',
    deadlineAt: '2026-01-01T00:15:00.000Z',
    expiresAt: '2026-01-08T00:00:00.000Z',
    progress: {
      total: tasks.length,
      ...counts,
      fraction: tasks.reduce((sum, { progress }) => sum + progress, 0) / tasks.length,
    },
    waitingFor: tasks.map(({ waitingFor }) => waitingFor).find((it) => it !== null) ?? null,
    awaitsReview: state === 'needs_review',
    failureReason: tasks.find((task) => task.state === 'failed')?.reason ?? null,
    usage: null,
    labels: { project: 'p42' },
    metadata: {},
    webhook: null,
    tasks,
  };
}
