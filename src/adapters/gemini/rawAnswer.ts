// The body of an answer with status 200, read leniently: a field of an unexpected form counts as missing, because the answer is
// paid for. The SDK's own form lacks `finishMessage`, and its conversion fails on unexpected forms.

import type { PaidUsage } from '../../job/errors/index.ts';
import type { JsonValue } from '../../job/task.ts';
import { fieldsOf, type Fields } from '../provider/looseJson.ts';
import { nameOf } from './errorBody.ts';

export interface RawAnswer {
  readonly parts: readonly Part[];
  /** False if the answer has no candidate at all. */
  readonly hasCandidate: boolean;
  readonly finishReason: string | undefined;
  readonly finishMessage: string | undefined;
  readonly blockReason: string | undefined;
  readonly blockMessage: string | undefined;
  /** What the safety ratings of the answer say against it, one sentence each. */
  readonly flags: readonly string[];
  /** Without images, which are billed only if they can be used. */
  readonly usage: PaidUsage;
  /** The model's version, the response's id and the finish reason. */
  readonly provenance: Readonly<Record<string, JsonValue>>;
}

export interface Part {
  readonly text: string;
  /** Base64, or a reference to extracted bytes. */
  readonly data: string | undefined;
}

/** Undefined if the value is no answer of Gemini. */
export function rawAnswerOf(body: unknown): RawAnswer | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { candidates, promptFeedback, usageMetadata, modelVersion, responseId } = body as Fields;
  const candidate = listOf(candidates).find((one) => typeof one === 'object' && one !== null);
  const { content, finishReason, finishMessage, safetyRatings } = fieldsOf(candidate);
  const { blockReason, blockReasonMessage } = fieldsOf(promptFeedback);
  return {
    parts: listOf(fieldsOf(content)['parts'])
      .map(fieldsOf)
      .filter(({ thought }) => thought !== true)
      .map(partOf),
    hasCandidate: candidate !== undefined,
    finishReason: reasonIn(finishReason),
    finishMessage: textOf(finishMessage),
    blockReason: reasonIn(blockReason),
    blockMessage: textOf(blockReasonMessage),
    flags: [...new Set(listOf(safetyRatings).map(fieldsOf).flatMap(flagIn))],
    usage: usageOf(fieldsOf(usageMetadata)),
    provenance: textsOf({ modelVersion, responseId, finishReason }),
  };
}

/** What a safety rating says against the answer: at most one sentence. The service rates each category; most are NEGLIGIBLE. */
export function flagIn({ category, probability, blocked }: Fields): string[] {
  const named = reasonIn(category) ?? 'A safety category';
  const likely = reasonIn(probability);
  if (blocked === true) return [`${named} was blocked${likely === undefined ? '' : ` (${likely})`}`];
  return likely === 'MEDIUM' || likely === 'HIGH' ? [`${named} is ${likely}`] : [];
}

/** Whether the body is an error, as some gateways send it with status 200. */
export function isErrorBody(body: unknown): boolean {
  const one: unknown = Array.isArray(body) ? body[0] : body;
  const { error, candidates } = fieldsOf(one);
  return candidates === undefined && typeof error === 'object' && error !== null;
}

function partOf(part: Fields): Part {
  const { text, inlineData, inline_data: snakeCase } = part;
  const { data } = fieldsOf(inlineData ?? snakeCase);
  return { text: typeof text === 'string' ? text : '', data: textOf(data) };
}

function usageOf({ promptTokenCount, candidatesTokenCount, thoughtsTokenCount }: Fields): PaidUsage {
  // Thoughts are billed as output.
  const outputTokens = countOf(candidatesTokenCount) + countOf(thoughtsTokenCount);
  return { inputTokens: countOf(promptTokenCount), outputTokens, images: 0 };
}

/** A number in any form; 0 for what is not a count. */
function countOf(value: unknown): number {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.round(count) : 0;
}

/** In capitals, as the interface defines them; some gateways write `stop`. */
const reasonIn = (value: unknown): string | undefined =>
  nameOf(typeof value === 'string' ? value.toUpperCase() : value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

function textsOf(fields: Readonly<Record<string, unknown>>): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
