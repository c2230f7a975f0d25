// Transitions of tasks for tests of the Job page, as the API sends them.

import type { Task, Transition } from '../../../../src/client/index.ts';
import { fakeTransition } from '../../../fakes/fakeTransition.ts';

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
  const message = `${state} because of ${reason}`;
  return fakeTransition({ sequence, at: isoSecond(seconds), state, reason, attempt: 0, message, ...fields });
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
