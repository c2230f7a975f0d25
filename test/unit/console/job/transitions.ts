// Transitions of tasks for tests of the Job page, as the API sends them.

import type { Task, Transition } from '../../../../src/client/index.ts';

/** ms since 1970; times of tests are seconds after it. */
const start = Date.parse('2026-11-29T02:00:00.000Z');
export const second = (seconds: number): number => start + seconds * 1_000;
export const isoSecond = (seconds: number): string => new Date(second(seconds)).toISOString();

/** The next one of a task, a number of seconds after the start. */
export function transition(
  sequence: number,
  seconds: number,
  state: Transition['state'],
  reason: string,
  fields: Partial<Transition> = {},
): Transition {
  return {
    sequence,
    at: isoSecond(seconds),
    task: 0,
    name: null,
    run: 1,
    attempt: 0,
    attemptsLost: 0,
    state,
    reason,
    message: `${state} because of ${reason}`,
    worker: state === 'running' ? 'worker-1' : null,
    lane: null,
    dueAt: null,
    retryAt: null,
    error: null,
    usage: null,
    artifacts: [],
    ...fields,
  };
}

type RowTask = Pick<Task, 'index' | 'name' | 'state' | 'dueAt' | 'retryAt' | 'waitingFor'>;

export const task = (state: Task['state'], fields: Partial<RowTask> = {}): RowTask => ({
  index: 0,
  name: null,
  state,
  dueAt: null,
  retryAt: null,
  waitingFor: null,
  ...fields,
});

export const errorOf = (code: string): NonNullable<Transition['error']> => ({
  code,
  message: `${code} happened`,
  retryable: true,
  hint: 'Wait.',
  provider: null,
});
