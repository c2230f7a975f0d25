// When the first queued task of a pool would fail. The pool itself tells it only in the answer to its pause; otherwise it is looked
// for among the tasks.

import type { PausedPool } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { usePoll } from '../../live/poll.ts';
import { firstDue } from './queueTimeout.ts';

const everyMs = 15_000;

/** By pool: of the last pause that this page asked for. */
const answers = new Map<string, string | null>();

export function noteAnswer({ name, firstQueueTimeoutAt }: PausedPool): void {
  answers.set(name, firstQueueTimeoutAt);
}

/**
 * ISO; null if it is unknown. Only tasks that the user may see count, and of more than 500 those that have been queued longest. Tasks
 * that wait for the end of an outage or for the next budget are not listed: of them only the answer to a pause tells.
 */
export function useFirstQueueTimeout(pool: string): string | null {
  const read = async (signal: AbortSignal): Promise<string | null> =>
    // Without a minimum age, these are all other tasks of the pool that are queued or run.
    firstDue((await api.stuck({ pool, olderThan: '0s' }, { signal })).items);
  const polled = usePoll(read, everyMs, `${pool} ${tenant.value ?? ''}`);
  return polled.data.value ?? answers.get(pool) ?? null;
}
