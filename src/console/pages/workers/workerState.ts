// Whether a worker still runs tasks.

import type { Worker } from '../../../client/index.ts';

/** False for a worker that stopped or was lost within the last minute. */
export const isLive = ({ state }: Pick<Worker, 'state'>): boolean => state === 'live' || state === 'draining';
