// The schema of the settings of an API process.

import { z } from 'zod';

const settingSchema = z.object({
  name: z.string().describe('The environment variable.'),
  value: z
    .string()
    .nullable()
    .describe('Null if it is not set. Only the length of a secret; URLs without their users.'),
  source: z.string().describe('`default`, `unset`, `env NAME`, `flag --name` or `file NAME`.'),
  description: z.string(),
});

export const settingListSchema = z.object({ items: z.array(settingSchema), next: z.null() });
