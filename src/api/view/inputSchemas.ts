// The schema of a task's input, and its JSON.

import { z } from 'zod';
import type { JsonObject, TaskInput } from '../../job/task.ts';
import type { ModelInput } from '../../jobs/modelInput.ts';
import type { TaskRecord } from '../../ports/jobLog.ts';
import { json, kindSchema } from './schemas.ts';

const count = z.int().min(0);
const object = z.record(z.string(), json).nullable();

export const inputReferenceSchema = z.object({
  index: count,
  artifact: z.string().nullable().describe('The digest, with which another job can refer to the same image.'),
  mediaType: z.string().nullable(),
  bytes: count.nullable().describe('Null also in jobs of earlier versions.'),
  caption: z.string().nullable(),
  result: z
    .object({ task: z.string(), name: z.string() })
    .nullable()
    .describe('The artifact of another task that it is. Until that task has succeeded, `href` is null.'),
  href: z.string().nullable().describe('Where its bytes are.'),
});

export const tweakSchema = z
  .object({
    prompt: z.string().describe('The prompt before the first tweak.'),
    instructions: z.array(z.string()).describe('The newest ten, oldest first.'),
  })
  .describe('What tweaks have added to the prompt.');

export const modelInputSchema = z
  .object({
    job: z.string(),
    task: count,
    name: z.string().nullable(),
    run: z.int().min(1),
    kind: kindSchema,
    model: z.string(),
    prompt: z.string(),
    system: z.string().nullable(),
    schema: object.describe('The JSON Schema of the answer.'),
    aspectRatio: z.string().nullable(),
    imageSize: z.string().nullable(),
    seed: z.number().nullable(),
    providerOptions: object,
    references: z.array(inputReferenceSchema),
    after: z.array(z.string()).describe('The tasks that this one waits for.'),
    unresolved: z
      .array(z.string())
      .describe(
        'The templates that `prompt` and `system` still have, because the output of the other task is not known yet, lacks that part, or has more than 1 MiB.',
      ),
    tweak: tweakSchema.nullable(),
    metadata: json,
  })
  .describe('The input of a task in its current run, as the model gets it.');

export type ModelInputView = z.infer<typeof modelInputSchema>;

export function modelInputView({ last: { state }, request }: TaskRecord, input: ModelInput): ModelInputView {
  const { job, task, name, kind, model } = state.of;
  const { schema, aspectRatio, imageSize, seed, providerOptions }: TaskInput = request.input;
  const { tweaked } = request;
  return {
    job,
    task,
    name,
    run: state.run,
    kind,
    model,
    prompt: input.prompt,
    system: input.system ?? null,
    schema: copyOf(schema),
    aspectRatio: aspectRatio ?? null,
    imageSize: imageSize ?? null,
    seed: seed ?? null,
    providerOptions: copyOf(providerOptions),
    references: input.references.map(({ image, caption = null, result = null }, index) => ({
      index,
      artifact: image?.digest ?? null,
      mediaType: image?.mediaType ?? null,
      bytes: image?.bytes ?? null,
      caption,
      result,
      href: image === undefined ? null : `/v1/jobs/${job}/tasks/${task}/references/${index}`,
    })),
    after: [...(request.after ?? [])],
    unresolved: [...input.unresolved],
    tweak: tweaked === undefined ? null : { prompt: tweaked.prompt, instructions: [...tweaked.instructions] },
    metadata: request.metadata,
  };
}

const copyOf = (value: JsonObject | undefined): Record<string, JsonObject[string]> | null =>
  value === undefined ? null : { ...value };
