// The body of a submit as clients send it. What passes here is still what was sent: defaults and units come later, so
// that a digest of it tells a replay from another request.

import { z } from 'zod';
import { poolNameForm } from '../../job/ids.ts';
import { policyBounds } from '../../job/policy.ts';
import type { JsonObject, JsonValue } from '../../job/task.ts';
import { durationText } from './durationText.ts';
import { jsonProblem } from './json.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';

const kib = 1024;

const prompt = z
  .string()
  .refine((text) => text.trim() !== '', 'is empty')
  .refine((text) => Buffer.byteLength(text) <= 32 * kib, 'is longer than 32 KiB')
  .meta({ minLength: 1, maxLength: 32 * kib, description: 'What to make; at most 32 KiB.' });

const visible = '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\u200d';

/** Printable: letters, marks, digits, punctuation, symbols and plain spaces; not spaces alone. */
const printable = (most: number) =>
  z
    .string()
    .refine((text) => Array.from(text).length <= most, `is longer than ${most} characters`)
    .refine((text) => text.trim() !== '', 'is empty')
    .refine((text) => new RegExp(`^[${visible} ]*$`, 'u').test(text), 'has characters that are not printable')
    .meta({ minLength: 1, maxLength: most, pattern: `^[${visible} ]*[${visible}][${visible} ]*$` });

const json = (most: number, what: string) =>
  z
    .custom<JsonValue>((value) => value !== undefined)
    .superRefine((value, context) => {
      const problem = jsonProblem(value, most);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ description: `${what}; at most ${most / kib} KiB.` });

const jsonObject = (most: number, what: string) =>
  json(most, what)
    .refine((value): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value), {
      message: 'is not an object',
    })
    .meta({ type: 'object', description: `${what}; at most ${most / kib} KiB.` });

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest: sha256: and 64 hexadecimal digits')
  .meta({ maxLength: 71 });

const reference = z
  .strictObject({
    artifact: digest.optional().describe('A stored image, by its digest.'),
    mediaType: z.enum(['image/png', 'image/jpeg', 'image/webp']).optional().describe('Of inline data.'),
    data: z.string().optional().describe('An image inline, in base64.'),
    caption: z.string().max(1_000, 'is longer than 1000 characters').optional().describe('What the image is for.'),
  })
  .refine(
    ({ artifact, mediaType, data }) => (artifact === undefined) === (mediaType !== undefined && data !== undefined),
    'is either {artifact} or {mediaType, data}',
  )
  .refine(({ artifact, mediaType, data }) => artifact === undefined || (mediaType ?? data) === undefined, {
    message: 'is either {artifact} or {mediaType, data}, not both',
  });

const references = z.array(reference).max(14, 'are more than 14');

const input = z.strictObject({
  prompt: prompt.optional(),
  system: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 32 * kib, 'is longer than 32 KiB')
    .meta({ maxLength: 32 * kib })
    .optional()
    .describe('The system instruction; for kind text.'),
  schema: jsonObject(64 * kib, 'JSON Schema of the answer; for kind text').optional(),
  aspectRatio: z
    .string()
    .regex(/^[1-9]\d?:[1-9]\d?$/, 'is not a ratio such as 16:9')
    .meta({ maxLength: 5 })
    .optional()
    .describe('Width to height, such as 16:9; for kind image.'),
  imageSize: z
    .string()
    .regex(/^[0-9A-Za-z]{1,16}$/, 'is not a size such as 1K')
    .meta({ maxLength: 16 })
    .optional()
    .describe('As the provider names it, such as 1K; for kind image.'),
  seed: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .optional()
    .describe('Asks the provider for the same answer again.'),
  references: references.optional().describe('Images to go by; at most 14 a task.'),
  extraReferences: references.optional().describe("Of a task: appended to the job's references."),
  providerOptions: jsonObject(16 * kib, 'Passed on to the provider').optional(),
});

const metadata = json(4 * kib, 'Any JSON of the client, echoed').optional();

const { deadline, maxAttempts, maxLostAttempts } = policyBounds;
const policy = z.strictObject({
  attemptTimeout: durationText(policyBounds.attemptTimeout, 'One try at a task by one worker').optional(),
  runTimeout: durationText(policyBounds.runTimeout, 'All time running and in backoff within one run').optional(),
  queueTimeout: durationText(policyBounds.queueTimeout, 'All time waiting for a worker or a key').optional(),
  reviewTimeout: durationText(policyBounds.reviewTimeout, 'All time waiting for a reviewer').optional(),
  deadline: durationText(deadline, 'From submit to the end, whatever happens; null: none').nullable().optional(),
  maxAttempts: z
    .int()
    .min(maxAttempts.least)
    .max(maxAttempts.most)
    .optional()
    .describe('Tries at a task within one run.'),
  maxLostAttempts: z
    .int()
    .min(maxLostAttempts.least)
    .max(maxLostAttempts.most)
    .optional()
    .describe('Workers that a task may lose within one run before it counts as poison.'),
  review: z.enum(['never', 'always']).optional().describe('Does a person look at each result before it counts?'),
});

const labels = z
  .record(z.string(), z.string())
  .refine((all) => Object.keys(all).length <= 16, 'are more than 16')
  .superRefine((all, context) => {
    for (const [key, value] of Object.entries(all)) {
      const message = labelKeyProblem(key) ?? labelValueProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [key], message });
    }
  });

const task = z.strictObject({
  name: printable(100).optional().describe('Unique in the job; at most 100 printable characters.'),
  input: input.optional().describe("Each key replaces the whole key of the job's input."),
  metadata,
});

export const submitBody = z
  .strictObject({
    kind: z.enum(['image', 'text']).describe('What to make.'),
    pool: z
      .string()
      .regex(poolNameForm, 'is not the name of a pool')
      .meta({ maxLength: 63 })
      .optional()
      .describe('Default: default.'),
    priority: z.enum(['high', 'normal', 'low']).optional().describe('Default: normal.'),
    model: z.string().min(1).max(128).optional().describe("Default: the pool's first model of the kind."),
    input: input.omit({ extraReferences: true }).optional(),
    tasks: z
      .array(task)
      .min(1, 'is empty: leave it out for one task')
      .max(500, 'has more than 500 tasks')
      .superRefine(refuseSameNames)
      .optional()
      .describe('Absent means one task.'),
    policy: policy.optional(),
    labels: labels.optional().describe('At most 16; the syntax of Kubernetes.'),
    metadata,
    concurrencyKey: printable(200).optional().describe('At most one open job a key and tenant.'),
  })
  .describe('A job to be run.');

export type SubmitBody = z.infer<typeof submitBody>;
export type InputBody = z.infer<typeof input>;
export type ReferenceBody = z.infer<typeof reference>;
export type PolicyBody = z.infer<typeof policy>;

function refuseSameNames(tasks: readonly { name?: string | undefined }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of tasks.entries()) {
    if (name === undefined) continue;
    if (seen.has(name))
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another task' });
    seen.add(name);
  }
}
