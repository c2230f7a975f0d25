// Builds the call's parts and its configuration, in which Genwarden's own settings override the provider options.

import type { Content, GenerateContentConfig, Part } from '@google/genai/web';
import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import type { JsonObject, JsonValue } from '../../job/task.ts';
import type { GenerateRequest, ReferenceBytes } from '../../ports/provider.ts';
import { repairWords } from '../provider/repair.ts';
import { withLowerCaseTypes } from './schemaTypes.ts';

/** The prompt first, then each reference, its caption as a text part before it. `dataOf`: the data of a reference's part. */
export function contentsOf({ input, references }: GenerateRequest, dataOf: (bytes: Uint8Array) => string): Content[] {
  const parts = references.flatMap((reference) => partsOf(reference, dataOf(reference.bytes)));
  return [{ role: 'user', parts: [{ text: input.prompt }, ...parts] }];
}

/** The request again, followed by the model's answer and what is wrong with it. */
export function repairOf(
  contents: readonly Content[],
  { text, problem }: { text: string; problem: string },
): Content[] {
  const words = repairWords(problem);
  return [...contents, { role: 'model', parts: [{ text }] }, { role: 'user', parts: [{ text: words }] }];
}

/**
 * The configuration of the call. `input.providerOptions` may hold the fields of `allowedOptions` and nothing else: some of
 * the SDK's (`httpOptions`, for example) could send the key elsewhere, others would pay for output that is not read. Throws
 * `AttemptFailed` (`RequestRefused`) for any other field.
 */
export function configOf({ kind, input }: GenerateRequest, signal: AbortSignal): GenerateContentConfig {
  const { system, seed, aspectRatio, imageSize, schema } = input;
  const imageConfig = { ...(aspectRatio && { aspectRatio }), ...(imageSize && { imageSize }) };
  return {
    ...checkedOptions(input.providerOptions ?? {}),
    ...(kind === 'image' && { responseModalities: ['IMAGE', 'TEXT'] }),
    ...(Object.keys(imageConfig).length > 0 && { imageConfig }),
    ...(system !== undefined && { systemInstruction: system }),
    ...(seed !== undefined && { seed }),
    ...(schema !== undefined && {
      responseMimeType: 'application/json',
      responseJsonSchema: withLowerCaseTypes(schema),
    }),
    abortSignal: signal,
    // Otherwise the SDK silently repeats, and Google bills, a call whose answer ends with CONTINUATION.
    automaticContinuation: false,
  };
}

type Form = 'number' | 'text' | 'texts' | 'object' | 'objects';

/** The provider options that are passed on, with their types. */
const allowedOptions: Readonly<Record<string, Form>> = {
  temperature: 'number',
  topP: 'number',
  topK: 'number',
  maxOutputTokens: 'number',
  presencePenalty: 'number',
  frequencyPenalty: 'number',
  stopSequences: 'texts',
  mediaResolution: 'text',
  serviceTier: 'text',
  thinkingConfig: 'object',
  toolConfig: 'object',
  safetySettings: 'objects',
  tools: 'objects',
};

function checkedOptions(options: JsonObject): GenerateContentConfig {
  for (const [name, value] of Object.entries(options)) {
    const form = Object.hasOwn(allowedOptions, name) ? allowedOptions[name] : undefined;
    if (form === undefined) throw refused(`providerOptions.${name} is not supported; allowed: ${allowedNames()}`);
    if (!hasForm(value, form)) throw refused(`providerOptions.${name} must be ${descriptions[form]}`);
  }
  return options;
}

const descriptions: Readonly<Record<Form, string>> = {
  number: 'a number',
  text: 'a string',
  texts: 'a list of strings',
  object: 'an object',
  objects: 'a list of objects',
};

function hasForm(value: JsonValue, form: Form): boolean {
  const isObject = (one: JsonValue): boolean => typeof one === 'object' && one !== null && !Array.isArray(one);
  switch (form) {
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string');
    case 'object':
      return isObject(value);
    case 'objects':
      return Array.isArray(value) && value.every(isObject);
    default:
      return form satisfies never;
  }
}

function partsOf({ mediaType, caption }: ReferenceBytes, data: string): Part[] {
  const image: Part = { inlineData: { mimeType: mediaType, data } };
  return caption === undefined || caption === '' ? [image] : [{ text: caption }, image];
}

const allowedNames = (): string => Object.keys(allowedOptions).join(', ');
const refused = (message: string): AttemptFailed => new AttemptFailed(taskError('RequestRefused', message));
