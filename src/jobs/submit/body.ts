// The schema of a submit's body. Parsing leaves the body unchanged; defaults and units are applied later. So a digest of
// the body distinguishes a replay from a different request.

import { z } from 'zod';
import { maxReferences, maxTextBytes, type JsonObject, type JsonValue } from '../../job/task.ts';
import { jsonProblem } from './json.ts';
import { labelKeyProblem, labelValueProblem } from './labels.ts';
import { modelName, policyBody, poolName } from './policyBody.ts';
import { webhookBody } from './webhook.ts';

const kib = 1024;

const prompt = z
  .string()
  .refine((text) => text.trim() !== '', 'is empty')
  .refine((text) => Buffer.byteLength(text) <= maxTextBytes, 'is longer than 32 KiB')
  .meta({ minLength: 1, maxLength: maxTextBytes, description: 'What to generate; at most 32 KiB.' });

const visible = '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\u200d';

/** Letters, marks, digits, punctuation, symbols and plain spaces; not only spaces. */
const printable = (max: number) =>
  z
    .string()
    .refine((text) => Array.from(text).length <= max, `is longer than ${max} characters`)
    .refine((text) => text.trim() !== '', 'is empty')
    .refine((text) => new RegExp(`^[${visible} ]*$`, 'u').test(text), 'has unprintable characters')
    .meta({ minLength: 1, maxLength: max, pattern: `^[${visible} ]*[${visible}][${visible} ]*$` });

const json = (max: number, what: string) =>
  z
    .custom<JsonValue>((value) => value !== undefined)
    .superRefine((value, context) => {
      const problem = jsonProblem(value, max);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ description: `${what}; at most ${max / kib} KiB.` });

const jsonObject = (max: number, what: string) =>
  json(max, what)
    .refine((value): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value), {
      message: 'is not an object',
    })
    .meta({ type: 'object', description: `${what}; at most ${max / kib} KiB.` });

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest: sha256: and 64 hexadecimal digits')
  .meta({ maxLength: 71 });

const hasPrefix = (data: string): boolean => data.startsWith('data:');

const resultArtifact = z.strictObject({
  task: printable(100).describe('The name of a task in after.'),
  name: z.string().min(1).max(64).describe('Such as image.'),
});

export const referenceBody = z
  .strictObject({
    artifact: z
      .union([digest, resultArtifact], 'is neither a digest, sha256: and 64 hexadecimal digits, nor {task, name}')
      .optional()
      .describe('The digest of a stored image; or an image of another task that this one waits for.'),
    mediaType: z
      .enum(
        ['image/png', 'image/jpeg', 'image/webp'],
        'is not image/png, image/jpeg or image/webp: convert other formats to one of them',
      )
      .optional()
      .describe('The type of the inline data; optional if the data begins with its data: prefix.'),
    data: z
      .string()
      .optional()
      .describe(
        'An inline image, in base64; line breaks, missing padding and a prefix such as data:image/png;base64, are accepted.',
      ),
    caption: z.string().max(1_000, 'is longer than 1000 characters').optional().describe('What the image is for.'),
  })
  .refine(
    ({ artifact, mediaType, data }) =>
      (artifact === undefined) === (data !== undefined && (mediaType !== undefined || hasPrefix(data))),
    'must be either {artifact} or {mediaType, data}',
  )
  .refine(({ artifact, mediaType, data }) => artifact === undefined || (mediaType ?? data) === undefined, {
    message: 'must be either {artifact} or {mediaType, data}, not both',
  });

/** A list of such references. */
export const maxReferencesOf = <Item extends z.ZodType>(item: Item) =>
  z.array(item).max(maxReferences, `has more than ${maxReferences} items`);

const references = maxReferencesOf(referenceBody);

export const taskInputBody = z.strictObject({
  prompt: prompt.optional(),
  system: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= maxTextBytes, 'is longer than 32 KiB')
    .meta({ maxLength: maxTextBytes })
    .optional()
    .describe('The system instruction; for kind text.'),
  schema: jsonObject(64 * kib, 'The JSON Schema of the output; for kind text').optional(),
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
    .describe("In the provider's terms, such as 1K; for kind image."),
  seed: z
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .optional()
    .describe('Asks the provider for reproducible output.'),
  references: references.optional().describe('Reference images; at most 14 per task.'),
  extraReferences: references.optional().describe("Appended to the job's references."),
  providerOptions: jsonObject(16 * kib, 'Options of the provider that the pool allows').optional(),
});

export const inputBody = taskInputBody.omit({ extraReferences: true });

const metadata = json(4 * kib, 'Any JSON of the client; returned unchanged').optional();

const labels = z
  .record(z.string(), z.string())
  .refine((all) => Object.keys(all).length <= 16, 'has more than 16 labels')
  .superRefine((all, context) => {
    for (const [key, value] of Object.entries(all)) {
      const message = labelKeyProblem(key) ?? labelValueProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [key], message });
    }
  });

const kind = z.enum(['image', 'text']);

const group = z
  .string()
  .min(1, 'is empty')
  .superRefine((value, context) => {
    const message = labelValueProblem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ maxLength: 63 })
  .describe("The tenant's group that the job counts in, for the pool's limit of running tasks per group.");

export const taskBody = z.strictObject({
  name: printable(100).optional().describe('Unique within the job; at most 100 printable characters.'),
  kind: kind.optional().describe("Default: the job's kind."),
  model: modelName.optional().describe("Default: the job's model, or the pool's first model of the task's own kind."),
  after: z
    .array(printable(100))
    .min(1, 'is empty')
    .max(499, 'has more than 499 items')
    .optional()
    .describe('Names of the tasks that must succeed before this one is queued, and whose results it may use.'),
  input: taskInputBody.optional().describe("Each key replaces that key of the job's input."),
  metadata,
});

export const submitBody = z
  .strictObject({
    kind: kind.describe('What to generate.'),
    pool: poolName.optional().describe('Default: default.'),
    priority: z.enum(['high', 'normal', 'low']).optional().describe('Default: normal.'),
    model: modelName.optional().describe("Default: the pool's first model of this kind."),
    input: inputBody.optional(),
    tasks: z
      .array(taskBody)
      .min(1, 'is empty: omit it for a single task')
      .max(500, 'has more than 500 tasks')
      .superRefine(rejectDuplicateNames)
      .optional()
      .describe('Default: one task.'),
    policy: policyBody.optional(),
    labels: labels.optional().describe('At most 16, in the syntax of Kubernetes labels.'),
    metadata,
    group: group.optional(),
    webhook: webhookBody.optional(),
    concurrencyKey: printable(200).optional().describe('At most one job per key and tenant can be open.'),
  })
  .describe('A job to run.');

export type SubmitBody = z.infer<typeof submitBody>;
export type InputBody = z.infer<typeof taskInputBody>;
export type ReferenceBody = z.infer<typeof referenceBody>;

export function rejectDuplicateNames(tasks: readonly { name?: string | undefined }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of tasks.entries()) {
    if (name === undefined) continue;
    if (seen.has(name))
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another task' });
    seen.add(name);
  }
}
