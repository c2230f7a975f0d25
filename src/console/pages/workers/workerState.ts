// The state of a worker: whether it still runs tasks.

import type { Worker } from '../../../client/index.ts';

export type WorkerState = 'live' | 'draining' | 'stopped' | 'lost';

/** Servers of earlier versions list only live and draining workers, without a state. */
type SeenWorker = Worker & { state?: WorkerState };

export const stateOf = (worker: SeenWorker): WorkerState => worker.state ?? (worker.draining ? 'draining' : 'live');

/** False for a worker that stopped or was lost within the last minute. */
export const isLive = (worker: SeenWorker): boolean => ['live', 'draining'].includes(stateOf(worker));
