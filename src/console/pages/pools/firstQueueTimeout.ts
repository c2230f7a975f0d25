// Reads when the first queued task of a pool would fail. The pool itself says so only in the answer to its pause.

import { api } from '../../api/client.ts';
import { firstDue } from './queueTimeout.ts';

/** Of the tasks that the user may see; of more than 500, of those that have been queued longest. ISO, or null. */
export async function readFirstQueueTimeout(pool: string, signal?: AbortSignal): Promise<string | null> {
  // Without a minimum age, these are all tasks of the pool that are queued or run.
  return firstDue((await api.stuck({ pool, olderThan: '0s' }, { signal })).items);
}
