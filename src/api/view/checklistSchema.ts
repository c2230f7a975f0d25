// The schema of the checks of an installation.

import { z } from 'zod';

export const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  says: z.string(),
  advice: z.string().nullable(),
});

export const checklistSchema = z.object({
  ok: z.boolean().describe('Whether every check passed.'),
  version: z.string(),
  checks: z.array(checkSchema),
});
