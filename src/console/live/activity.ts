// The figures of the last hour, which the frame and the list of jobs share.

import { pathTo } from '../base.ts';
import { apiFetch } from '../api/client.ts';
import { poll } from './poll.ts';

export interface Activity {
  /** How old the API's index is, ms; 0 while it is live. */
  behindMs: number;
  /** Tasks that have stayed in a state for longer than it may last. */
  overdue: number;
}

async function readActivity(signal: AbortSignal): Promise<Activity | undefined> {
  const response = await apiFetch(pathTo('/v1/activity'), { signal });
  return response.ok ? ((await response.json()) as Activity) : undefined;
}

export const activity = poll(readActivity, 5_000);
