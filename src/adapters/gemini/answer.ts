// Reads an answer with status 200, which may still be a refusal. It reads candidates and parts itself, because the SDK's getters
// print warnings on the console and concatenate parts.

import type { Candidate, GenerateContentResponse, Part } from '@google/genai/web';
import { AttemptFailed, taskError, type PaidUsage, type TaskErrorCode } from '../../job/errors/index.ts';
import type { JsonValue } from '../../job/task.ts';
import type { Generated, GeneratedImage, GenerateRequest } from '../../ports/provider.ts';
import type { ImageData } from './imageData.ts';
import type { SchemaCheck } from './schema.ts';

export interface Readers {
  readonly check: SchemaCheck | undefined;
  readonly bytesOf: ImageData['bytesOf'];
}

/** The model's output. Throws `AttemptFailed` for a refusal, an empty answer, or output of the wrong kind. */
export function readAnswer(
  answer: GenerateContentResponse,
  { kind }: GenerateRequest,
  { check, bytesOf }: Readers,
): Generated {
  const candidate = firstCandidate(answer);
  const parts = visibleParts(candidate);
  const text = textOf(parts);
  const about = { usage: { ...usageOf(answer), images: 0 }, provenance: provenanceOf(answer, candidate) };
  if (kind === 'image') {
    const images = imagesOf(parts, bytesOf);
    throwUnlessComplete(candidate, images.length > 0);
    const comment = text === '' ? {} : { text: text.slice(0, 2_000) };
    const usage = { ...about.usage, images: images.length };
    return { images, output: null, usage, provenance: { ...about.provenance, ...comment } };
  }
  throwUnlessComplete(candidate, text !== '');
  if (candidate.finishReason === 'MAX_TOKENS') throw cutOff(candidate);
  return { images: [], output: check === undefined ? text : check(text), ...about };
}

function firstCandidate(answer: GenerateContentResponse): Candidate {
  const candidate: unknown = answer.candidates?.[0];
  if (typeof candidate === 'object' && candidate !== null) return candidate;
  const reason = answer.promptFeedback?.blockReason;
  if (reason === undefined) throw failed('NoOutput', 'The answer has no candidate', undefined);
  const why = answer.promptFeedback?.blockReasonMessage;
  throw failed(
    'PromptRefused',
    `The provider refused the prompt (${reason})${why === undefined ? '' : `: ${why}`}`,
    reason,
  );
}

/** All parts except the model's thoughts, which may contain drafts of the image. */
function visibleParts(candidate: Candidate): readonly Part[] {
  const parts: unknown = candidate.content?.parts ?? [];
  if (!Array.isArray(parts)) throw failed('ProviderResponseInvalid', "The answer's parts are not a list", undefined);
  return (parts as Part[]).filter((part) => part.thought !== true);
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}

function imagesOf(parts: readonly Part[], bytesOf: Readers['bytesOf']): GeneratedImage[] {
  return parts.flatMap((part) => {
    const { data, mimeType } = part.inlineData ?? {};
    if (typeof data !== 'string' || mimeType?.startsWith('image/') !== true) return [];
    const bytes = bytesOf(data);
    return bytes.length === 0 ? [] : [{ mediaType: mimeType, bytes }];
  });
}

/** Finish reasons of an output that the provider withheld. */
const withheld: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'IMAGE_OTHER',
  'JAILBREAK',
  'MODEL_ARMOR',
]);

/** Finish reasons of an answer that is incomplete, or failed inside the service. */
const broken: ReadonlySet<string> = new Set([
  'CONTINUATION',
  'MALFORMED_RESPONSE',
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
]);

function throwUnlessComplete(candidate: Candidate, hasOutput: boolean): void {
  const reason: string = candidate.finishReason ?? 'STOP';
  const why = candidate.finishMessage === undefined ? '' : `: ${candidate.finishMessage}`;
  if (withheld.has(reason) || /SAFETY|PROHIBITED/.test(reason)) {
    throw failed('OutputRefused', `The provider withheld the output (${reason})${why}`, reason);
  }
  if (broken.has(reason)) throw failed('ProviderResponseInvalid', `The answer is incomplete (${reason})${why}`, reason);
  if (hasOutput) return;
  if (reason === 'MAX_TOKENS') throw cutOff(candidate);
  throw failed('NoOutput', `The answer has no output (${reason})${why}`, reason);
}

/** Not retried: the same limit would truncate the next answer as well, and each answer is billed. */
function cutOff(candidate: Candidate): AttemptFailed {
  const message =
    'The answer was cut off at the output limit. Request a shorter output, or raise providerOptions.maxOutputTokens';
  return failed('OutputRefused', message, candidate.finishReason);
}

function failed(code: TaskErrorCode, message: string, reason: string | undefined): AttemptFailed {
  const provider = { status: 200, ...(reason === undefined ? {} : { code: reason }) };
  return new AttemptFailed(taskError(code, message.slice(0, 500), { provider }));
}

function usageOf({ usageMetadata: usage }: GenerateContentResponse): Omit<PaidUsage, 'images'> {
  // Thoughts are billed as output.
  const outputTokens = (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0);
  return { inputTokens: usage?.promptTokenCount ?? 0, outputTokens };
}

function provenanceOf(answer: GenerateContentResponse, candidate: Candidate): Record<string, JsonValue> {
  const fields = {
    modelVersion: answer.modelVersion,
    responseId: answer.responseId,
    finishReason: candidate.finishReason,
  };
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
