// Parses and validates a request of the Responses API.

import { z } from 'zod';
import { checked } from './fields.ts';
import { parsedJson } from './imageRequest.ts';
import { invalid } from './openaiError.ts';
import { checkSchema } from './strictSchema.ts';

export interface ResponseRequest {
  readonly model: string;
  readonly prompt: string;
  readonly references: readonly Buffer[];
  readonly stream: boolean;
  /** Whether the answer rates the prompt and itself. */
  readonly isRated: boolean;
  /** The schema of a JSON answer; undefined for plain text. */
  readonly json: unknown;
}

/** The list of models; any other name is served too. */
export const textModels: readonly string[] = ['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-4.1'];

const content = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input_text'), text: z.string() }),
  z.strictObject({
    type: z.literal('input_image'),
    detail: z.enum(['low', 'high', 'auto', 'original']).optional(),
    image_url: z.string(),
  }),
]);

const message = z.strictObject({
  type: z.literal('message').optional(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string(), z.array(content)]),
});

const format = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    name: z.string().regex(/^[\w-]{1,64}$/, "expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'"),
    schema: z.unknown(),
    description: z.string().optional(),
    strict: z.boolean().nullable().optional(),
  }),
]);

const requestSchema = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(message).min(1)]),
  instructions: z.string().nullable().optional(),
  stream: z.boolean().nullable().optional(),
  store: z.boolean().nullable().optional(),
  text: z
    .strictObject({ format: format.optional(), verbosity: z.enum(['low', 'medium', 'high']).optional() })
    .optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_output_tokens: z.int().min(16).optional(),
  reasoning: z.strictObject({ effort: z.string().optional(), summary: z.string().optional() }).optional(),
  truncation: z.enum(['auto', 'disabled']).optional(),
  service_tier: z.string().optional(),
  safety_identifier: z.string().optional(),
  moderation: z.strictObject({ model: z.string() }).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

type Checked = z.infer<typeof requestSchema>;

/** Throws OpenAIError 400 for what the real service rejects. */
export function parseResponseRequest(body: Buffer): ResponseRequest {
  const request = checked(requestSchema, parsedJson(body));
  const asked = request.text?.format;
  if (asked?.type === 'json_schema') checkSchema(asked.name, asked.schema, asked.strict === true);
  if (/image|dall-e/.test(request.model))
    throw invalid(`The model '${request.model}' does not answer with text.`, 'model');
  return {
    model: request.model,
    prompt: promptOf(request),
    references: referencesOf(request),
    stream: request.stream === true,
    isRated: request.moderation !== undefined,
    json:
      asked?.type === 'json_schema'
        ? asked.schema
        : asked?.type === 'json_object'
          ? { type: 'object' }
          : schemaInWords(request),
  };
}

/** The model follows an instruction to answer with a document, as real ones do. */
function schemaInWords({ instructions }: Checked): unknown {
  const schema = /match this JSON Schema: (.*)$/s.exec(instructions ?? '')?.[1];
  return schema === undefined ? undefined : (JSON.parse(schema) as unknown);
}

function promptOf({ input }: Checked): string {
  if (typeof input === 'string') return input;
  const parts = input.flatMap((one) => (typeof one.content === 'string' ? [one.content] : textsOf(one.content)));
  return parts.join('\n');
}

const textsOf = (parts: readonly z.infer<typeof content>[]): string[] =>
  parts.flatMap((part) => (part.type === 'input_text' ? [part.text] : []));

function referencesOf({ input }: Checked): Buffer[] {
  if (typeof input === 'string') return [];
  const parts = input.flatMap((one) => (typeof one.content === 'string' ? [] : one.content));
  return parts.flatMap((part) => (part.type === 'input_image' ? [imageOf(part.image_url)] : []));
}

function imageOf(url: string): Buffer {
  const base64 = /^data:image\/(?:png|jpeg|webp|gif);base64,([\w+/=-]+)$/.exec(url)?.[1];
  if (base64 === undefined)
    throw invalid('Invalid input image: expected a base64-encoded data URL.', 'input', 'invalid_image_url');
  return Buffer.from(base64, 'base64');
}
