// The state of a worker: whether it still runs tasks.

import type { Worker } from '../../../client/index.ts';

export type WorkerState = 'live' | 'draining' | 'stopped' | 'lost';

/** Servers of earlier versions list only live and draining workers, without a state. */
export const stateOf = (worker: Worker & { state?: WorkerState }): WorkerState =>
  worker.state ?? (worker.draining ? 'draining' : 'live');

/** False for a worker that stopped or was lost within the last minute. */
export const isLive = (worker: Worker): boolean => ['live', 'draining'].includes(stateOf(worker));
