// The schema of `policy.check` in a submit's body, in custom resources and in the defaults of a pool.

import { z } from 'zod';
import type { JsonObject } from '../../job/jsonValue.ts';
import { answerSchemaProblems } from '../../job/resultCheck.ts';
import { jsonProblem } from './json.ts';

const kib = 1024;
const maxPrompt = 8 * kib;
/** Less than for a job's own schema: each task of the job repeats it. */
const maxSchema = 16 * kib;

const prompt = z
  .string()
  .refine((text) => text.trim() !== '', 'is empty')
  .refine((text) => Buffer.byteLength(text) <= maxPrompt, 'is longer than 8 KiB')
  .meta({ minLength: 1, maxLength: maxPrompt, description: 'What to look for in the result; at most 8 KiB.' });

const schema = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'is not an object',
  )
  .superRefine((value, context) => {
    const problem = jsonProblem(value, maxSchema);
    if (problem !== undefined) return void context.addIssue({ code: 'custom', message: problem });
    for (const { path, message } of answerSchemaProblems(value)) {
      context.addIssue({ code: 'custom', path: path.slice(1).split('.'), message });
    }
  })
  .meta({
    type: 'object',
    description:
      'The JSON Schema of the answer, with a required boolean flagged and optionally reasons, an array of strings; at most 16 KiB.',
  });

export const checkBody = z
  .strictObject({
    model: z.string().min(1).max(128).optional().describe("A text model of the job's pool. Default: its first one."),
    prompt,
    schema: schema.optional(),
  })
  .describe('A model that looks at each result, and may flag it for review.');
