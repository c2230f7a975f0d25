// The schema of the figures of the last hour.

import { z } from 'zod';

const time = z.iso.datetime();
const count = z.int().min(0);
const latency = count.nullable();

const finished = {
  succeeded: count,
  failed: count,
  cancelled: count,
  p50Ms: latency.describe(
    'Half of the tasks that succeeded or failed took no longer, from submit or retry to the end, without review; null: there were none.',
  ),
  p95Ms: latency.describe('95 % of them took no longer.'),
};

export const activitySchema = z.object({
  at: time.describe('When this was answered.'),
  since: time
    .nullable()
    .describe(
      'From when on the figures are complete: an API that has started reads the log only so far back. Null: unknown, because too many tenants are active.',
    ),
  behindMs: count.describe('How old the figures are: 0, or the time since this API was cut off from NATS.'),
  overdue: count.describe('Open tasks that should have changed at least 15 s ago; at most 5 s old.'),
  now: z
    .object({ queued: count, running: count, waiting: count, needs_review: count })
    .describe('The open tasks by state.'),
  hour: z.object({
    ...finished,
    successRate: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe('Succeeded tasks among those that succeeded or failed; null: there were none.'),
  }),
  minutes: z
    .array(
      z.object({
        at: time.describe('The start of the minute.'),
        ...finished,
        queued: count.describe('At the end of the minute.'),
        running: count,
        waiting: count,
      }),
    )
    .describe('The last 60 minutes, oldest first; the last one is the current minute.'),
});

export type ActivityView = z.infer<typeof activitySchema>;
