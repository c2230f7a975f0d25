// The schema of a submit's warning.

import { z } from 'zod';
import { warningCodes } from '../../job/explain/warnings.ts';

const time = z.iso.datetime();
const count = z.int().min(0);
export const keyCountsSchema = z.object({
  total: count,
  refused: count,
  cooling: count,
  withoutQuota: count,
  coolingUntil: time.nullable().describe('When the first of the cooling keys may be used again.'),
});

const ms = z.number().describe('ms');

export const estimateSchema = z.object({
  before: count.describe("Tasks that are served before the job's last one."),
  waitMs: ms.describe('About when the last task starts, ms from now.'),
  timeoutMs: ms.describe('What is left of the time limit, ms.'),
  late: count.describe('Tasks of the job that would time out.'),
  requestsPerMinute: z.number().nullable().describe('Of all usable keys; null if the pool needs none.'),
  slots: count,
  attemptMs: ms.nullable().describe('How long attempts take on average, ms; null if unknown.'),
});

export const warningSchema = z.object({
  code: z.enum(warningCodes),
  message: z.string().describe('Sentences: the obstacle with its numbers, what happens, and what to do.'),
  until: time.nullable().describe('When the obstacle ends or is checked next; null if that is unknown.'),
  queued: count.describe("Queued tasks of the pool, with the job's own."),
  failsAt: time.describe("When the job's queued tasks time out."),
  keys: keyCountsSchema.optional().describe('For `KeysExhausted`.'),
  estimate: estimateSchema.optional().describe('For `QueueLongerThanTimeout`.'),
});

export type WarningView = z.infer<typeof warningSchema>;
