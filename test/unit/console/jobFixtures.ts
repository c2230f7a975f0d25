// Jobs as the API lists them, for tests of the console.

import type { ListedJob, State } from '../../../src/client/index.ts';
import type { ListEvent } from '../../../src/console/pages/jobs/list/jobList.ts';

const none = { queued: 0, running: 0, waiting: 0, needs_review: 0, succeeded: 0, failed: 0, cancelled: 0 };

/** `minute`: when it was submitted; a later one is newer. One task, unless `tasks` has more. */
export function listed(
  id: string,
  minute: number,
  { state = 'queued', tasks, ...rest }: Partial<ListedJob> & { tasks?: Partial<Record<State, number>> } = {},
): ListedJob {
  const counts = tasks ?? { [state]: 1 };
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const isOpen = ['queued', 'running', 'waiting', 'needs_review'].includes(state);
  return {
    id,
    tenant: 'default',
    kind: 'image',
    pool: 'default',
    model: 'gemini-3.1-flash-image',
    priority: 'normal',
    state,
    submittedAt: at(minute),
    startedAt: null,
    finishedAt: isOpen ? null : at(minute + 1),
    group: null,
    deadlineAt: at(minute + 60),
    expiresAt: at(minute + 600),
    progress: { ...none, ...counts, total, fraction: 0 },
    waitingFor: null,
    awaitsReview: false,
    failureReason: null,
    usage: null,
    labels: {},
    prompt: `prompt of ${id}`,
    thumbnails: [],
    traceId: null,
    ...rest,
  };
}

export const at = (minute: number): string => new Date(Date.UTC(2026, 10, 29, 0, minute)).toISOString();

export const jobEvent = (data: ListedJob): ListEvent => ({ job: undefined, event: 'job', id: 'g-1', data });

export function deletedEvent(job: string): ListEvent {
  const data = {
    sequence: 1,
    at: at(0),
    job,
    task: 0,
    name: null,
    pool: 'default',
    state: 'deleted',
    run: 1,
    attempt: 0,
    attemptsLost: 0,
    reason: 'Deleted',
    worker: null,
    startedAt: null,
    dueAt: null,
    retryAt: null,
    waitingFor: null,
    target: null,
  } as const;
  return { job: undefined, event: 'task', id: 'g-1', data };
}
