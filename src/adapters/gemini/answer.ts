// Reads an answer with status 200, which may be a refusal: candidates and parts are walked here, as the SDK's own getters
// warn on the console and concatenate.

import type { Candidate, GenerateContentResponse, Part } from '@google/genai/web';
import { AttemptFailed, taskError, type TaskErrorCode } from '../../job/errors/index.ts';
import type { JsonValue } from '../../job/task.ts';
import type { Generated, GeneratedImage, GenerateRequest } from '../../ports/provider.ts';
import type { ImageData } from './imageData.ts';
import type { SchemaCheck } from './schema.ts';

export interface Readers {
  readonly check: SchemaCheck | undefined;
  readonly bytesOf: ImageData['bytesOf'];
}

/** What the model made; throws `AttemptFailed` where that is a refusal, nothing, or not what was asked for. */
export function readAnswer(
  answer: GenerateContentResponse,
  { kind }: GenerateRequest,
  { check, bytesOf }: Readers,
): Generated {
  const candidate = onlyCandidate(answer);
  const parts = visibleParts(candidate);
  const text = textOf(parts);
  const about = { usage: usageOf(answer), provenance: provenanceOf(answer, candidate) };
  if (kind === 'image') {
    const images = imagesOf(parts, bytesOf);
    refuseUnlessDone(candidate, images.length > 0);
    const aside = text === '' ? {} : { text: text.slice(0, 2_000) };
    return { images, output: null, ...about, provenance: { ...about.provenance, ...aside } };
  }
  refuseUnlessDone(candidate, text !== '');
  if (candidate.finishReason === 'MAX_TOKENS') throw cutOff(candidate);
  return { images: [], output: check === undefined ? text : check(text), ...about };
}

function onlyCandidate(answer: GenerateContentResponse): Candidate {
  const candidate: unknown = answer.candidates?.[0];
  if (typeof candidate === 'object' && candidate !== null) return candidate;
  const reason = answer.promptFeedback?.blockReason;
  if (reason === undefined) throw ended('NoOutput', 'The model answered without a candidate', undefined);
  const why = answer.promptFeedback?.blockReasonMessage;
  throw ended('PromptRefused', `The prompt was refused (${reason})${why === undefined ? '' : `: ${why}`}`, reason);
}

/** Without the model's thoughts, which may hold drafts of the image. */
function visibleParts(candidate: Candidate): readonly Part[] {
  const parts: unknown = candidate.content?.parts ?? [];
  if (!Array.isArray(parts)) throw ended('ProviderResponseInvalid', "The answer's parts are not a list", undefined);
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

/** Finish reasons of a result that the provider withheld. */
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

/** Finish reasons of an answer that broke off or went wrong in the service. */
const broken: ReadonlySet<string> = new Set([
  'CONTINUATION',
  'MALFORMED_RESPONSE',
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
]);

function refuseUnlessDone(candidate: Candidate, hasResult: boolean): void {
  const reason: string = candidate.finishReason ?? 'STOP';
  const why = candidate.finishMessage === undefined ? '' : `: ${candidate.finishMessage}`;
  if (withheld.has(reason) || /SAFETY|PROHIBITED/.test(reason)) {
    throw ended('OutputRefused', `The result was withheld (${reason})${why}`, reason);
  }
  if (broken.has(reason)) throw ended('ProviderResponseInvalid', `The answer broke off (${reason})${why}`, reason);
  if (hasResult) return;
  if (reason === 'MAX_TOKENS') throw cutOff(candidate);
  throw ended('NoOutput', `The model answered without a result (${reason})${why}`, reason);
}

/** Not retried: the same limit would cut the next answer, too, and each one is paid for. */
function cutOff(candidate: Candidate): AttemptFailed {
  const message = 'The answer was cut off at the output limit: ask for less, or raise providerOptions.maxOutputTokens';
  return ended('OutputRefused', message, candidate.finishReason);
}

function ended(code: TaskErrorCode, message: string, reason: string | undefined): AttemptFailed {
  const provider = { status: 200, ...(reason === undefined ? {} : { code: reason }) };
  return new AttemptFailed(taskError(code, message.slice(0, 500), { provider }));
}

function usageOf({ usageMetadata: usage }: GenerateContentResponse): Generated['usage'] {
  // Thoughts are billed as output.
  const outputTokens = (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0);
  return { inputTokens: usage?.promptTokenCount ?? 0, outputTokens };
}

function provenanceOf(answer: GenerateContentResponse, candidate: Candidate): Record<string, JsonValue> {
  const said = {
    modelVersion: answer.modelVersion,
    responseId: answer.responseId,
    finishReason: candidate.finishReason,
  };
  return Object.fromEntries(Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
