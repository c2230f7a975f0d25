// Builds the call's parts and its configuration, in which Genwarden's own settings override the provider options.

import type { Content, GenerateContentConfig, Part } from '@google/genai/web';
import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import type { JobKind } from '../../job/policy.ts';
import { valueProblems } from '../../job/providerOptions/index.ts';
import type { JsonObject } from '../../job/task.ts';
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
 * The configuration of the call. `input.providerOptions` may hold the options of `job/providerOptions` and nothing else: some
 * fields of the SDK (`httpOptions`, for example) could send the key elsewhere, others would pay for output that is not read.
 * Throws `AttemptFailed` (`RequestRefused`) for any other field.
 */
export function configOf({ kind, input }: GenerateRequest, signal: AbortSignal): GenerateContentConfig {
  const { system, seed, aspectRatio, imageSize, schema } = input;
  const imageConfig = { ...(aspectRatio && { aspectRatio }), ...(imageSize && { imageSize }) };
  return {
    ...checkedOptions(input.providerOptions ?? {}, kind),
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

function checkedOptions(options: JsonObject, kind: JobKind): GenerateContentConfig {
  const [problem] = valueProblems(options, 'gemini', kind);
  if (problem !== undefined) throw refused(`providerOptions${problem.path} ${problem.message}`);
  return options;
}

function partsOf({ mediaType, caption }: ReferenceBytes, data: string): Part[] {
  const image: Part = { inlineData: { mimeType: mediaType, data } };
  return caption === undefined || caption === '' ? [image] : [{ text: caption }, image];
}

const refused = (message: string): AttemptFailed => new AttemptFailed(taskError('RequestRefused', message));
