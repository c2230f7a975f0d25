// The figures of the last hour, which the frame and the list of jobs share.

import { pathTo } from '../base.ts';
import { apiFetch } from '../api/client.ts';
import { poll } from './poll.ts';

export interface Activity {
  at: string;
  /** From when on the figures are complete; null: unknown. */
  since: string | null;
  /** How old the API's index is, ms; 0 while it is live. */
  behindMs: number;
  /** Tasks that have stayed in a state for longer than it may last. */
  overdue: number;
  now: { queued: number; running: number; waiting: number; needs_review: number };
  hour: {
    succeeded: number;
    failed: number;
    cancelled: number;
    successRate: number | null;
    p50Ms: number | null;
    p95Ms: number | null;
  };
  /** Oldest first; the last one is the current minute. */
  minutes: {
    at: string;
    succeeded: number;
    failed: number;
    cancelled: number;
    p50Ms: number | null;
    p95Ms: number | null;
    queued: number;
    running: number;
    waiting: number;
  }[];
}

async function readActivity(signal: AbortSignal): Promise<Activity | undefined> {
  const response = await apiFetch(pathTo('/v1/activity'), { signal });
  return response.ok ? ((await response.json()) as Activity) : undefined;
}

export const activity = poll(readActivity, 5_000);
