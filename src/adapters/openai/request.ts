// Builds the parameters of a call. Images are generated, or edited if there are references; text comes from the Responses API.

import type { ImageEditParamsNonStreaming, ImageGenerateParamsNonStreaming } from 'openai/resources/images';
import type { ResponseCreateParamsNonStreaming, ResponseInputItem } from 'openai/resources/responses/responses';
import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import { valueProblems } from '../../job/providerOptions/index.ts';
import type { JsonObject } from '../../job/task.ts';
import type { GenerateRequest } from '../../ports/provider.ts';
import { repairWords } from '../provider/repair.ts';
import { schemaModeOf } from './strictSchema.ts';
import { sizeOf } from './size.ts';

export function generateParams(request: GenerateRequest): ImageGenerateParamsNonStreaming {
  return { ...optionsOf(request), ...shapeOf(request), prompt: promptOf(request) };
}

export function editParams(request: GenerateRequest, image: File[]): ImageEditParamsNonStreaming {
  return { ...optionsOf(request), ...shapeOf(request), prompt: promptOf(request), image };
}

/** The prompt with a line for each caption, because an image request has one text. */
function promptOf({ input, references }: GenerateRequest): string {
  const captions = references.flatMap(({ caption = '' }, at) => (caption === '' ? [] : `Image ${at + 1}: ${caption}`));
  return captions.length === 0 ? input.prompt : `${input.prompt}\n\n${captions.join('\n')}`;
}

/** GPT image models always answer in base64; others do if they are asked. */
function shapeOf({ model, input }: GenerateRequest) {
  const size = sizeOf(model, input);
  return {
    model,
    n: 1,
    ...(size !== undefined && { size }),
    ...(model.startsWith('dall-e') && { response_format: 'b64_json' as const }),
  };
}

/** The prompt first, then each reference, its caption before it. `dataOf`: the base64 of an image. */
export function inputOf(
  { input, references }: GenerateRequest,
  dataOf: (bytes: Uint8Array) => string,
): ResponseInputItem[] {
  const images = references.flatMap(({ bytes, mediaType, caption = '' }) => [
    ...(caption === '' ? [] : [{ type: 'input_text' as const, text: caption }]),
    { type: 'input_image' as const, detail: 'auto' as const, image_url: `data:${mediaType};base64,${dataOf(bytes)}` },
  ]);
  return [{ role: 'user', content: [{ type: 'input_text', text: input.prompt }, ...images] }];
}

/** The request again, followed by the model's answer and what is wrong with it. */
export function repairOf(
  input: readonly ResponseInputItem[],
  { text, problem }: { text: string; problem: string },
): ResponseInputItem[] {
  return [...input, { role: 'assistant', content: text }, { role: 'user', content: repairWords(problem) }];
}

/** Throws `AttemptFailed` (`RequestRefused`) for an option that is not known, or whose value is not. */
export function textParams(request: GenerateRequest, input: ResponseInputItem[]): ResponseCreateParamsNonStreaming {
  const {
    model,
    input: { system, schema },
  } = request;
  const { verbosity, moderation_model: rater, ...options } = optionsOf(request);
  const text = { ...(schema !== undefined && formatOf(schema)), ...(verbosity !== undefined && { verbosity }) };
  const words = schema !== undefined && schemaModeOf(schema) === 'words' ? [schemaWords(schema)] : [];
  const instructions = [...(system === undefined ? [] : [system]), ...words].join('\n\n');
  return {
    ...options,
    model,
    input,
    // Otherwise OpenAI keeps every answer for 30 days.
    store: false,
    ...(typeof rater === 'string' && { moderation: { model: rater } }),
    ...(instructions !== '' && { instructions }),
    ...(Object.keys(text).length > 0 && { text: text as ResponseCreateParamsNonStreaming['text'] & object }),
  };
}

function formatOf(schema: JsonObject) {
  const mode = schemaModeOf(schema);
  if (mode === 'words') return {};
  return { format: { type: 'json_schema', name: 'answer', schema, strict: mode === 'strict' } };
}

const schemaWords = (schema: JsonObject): string =>
  `Answer with a JSON document only, without any other text. It must match this JSON Schema: ${JSON.stringify(schema)}`;

function optionsOf({ kind, input }: GenerateRequest): JsonObject {
  const options = input.providerOptions ?? {};
  const [problem] = valueProblems(options, 'openai', kind);
  if (problem === undefined) return options;
  throw new AttemptFailed(taskError('RequestRefused', `providerOptions${problem.path} ${problem.message}`));
}
