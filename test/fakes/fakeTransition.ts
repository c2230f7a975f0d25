// A transition of a task as the API sends it.

import type { Transition } from '../../src/client/index.ts';

/** Of the first attempt of an unnamed task 0; a running one is on `worker-1`. */
export function fakeTransition(
  fields: Pick<Transition, 'sequence' | 'at' | 'state' | 'reason'> & Partial<Transition>,
): Transition {
  return {
    task: 0,
    name: null,
    run: 1,
    attempt: 1,
    attemptsLost: 0,
    message: '',
    worker: fields.state === 'running' ? 'worker-1' : null,
    lane: null,
    dueAt: null,
    retryAt: null,
    error: null,
    usage: null,
    artifacts: [],
    ...fields,
  };
}
