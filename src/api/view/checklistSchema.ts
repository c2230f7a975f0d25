// The schema of the checks of an installation.

import { z } from 'zod';

export const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  says: z.string(),
  advice: z.string().nullable().describe('What to do. Of a check that passed: what to know, or to do before it fails.'),
  seenBy: z.string().describe('The processes that found it: this API, or workers.'),
});

export const checklistSchema = z.object({
  ok: z.boolean().describe('Whether every check passed.'),
  version: z.string(),
  checks: z.array(checkSchema),
});
