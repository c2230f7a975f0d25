// Reads an answer with status 200, leniently: a field of an unexpected form counts as missing, because the answer is paid for.

import { AttemptFailed, type PaidUsage } from '../../job/errors/index.ts';
import type { JsonValue } from '../../job/task.ts';
import type { Generated, GenerateRequest } from '../../ports/provider.ts';
import { documentOf } from '../provider/document.ts';
import { explained, failedAnswer } from '../provider/failedAnswer.ts';
import type { SchemaCheck } from '../provider/schema.ts';
import { fieldsOf, type Fields } from '../provider/looseJson.ts';
import { errorOf, nameOf } from './errorBody.ts';
import { failureInside } from './failure.ts';

/** The model's text, or its document. Throws `AttemptFailed` for a refusal, an empty or failed answer, or output of the wrong kind. */
export async function readResponse(
  body: Fields,
  request: GenerateRequest,
  { check, headers, now }: { check: SchemaCheck | undefined; headers: Headers; now: number },
): Promise<Generated> {
  const usage = usageOf(fieldsOf(body['usage']));
  if (body['status'] === 'failed' || isFilled(body['error'])) {
    throw new AttemptFailed(failureInside(errorOf(fieldsOf(body['error'])), headers, now), { usage });
  }
  const parts = partsOf(body);
  const text = parts.map(({ text: one }) => textIn(one)).join('');
  const refusal = parts.map(({ refusal: one }) => textIn(one)).join('');
  const reason = nameOf(fieldsOf(body['incomplete_details'])['reason']) ?? (refusal === '' ? undefined : 'refusal');
  const facts = { usage, reason, provenance: provenanceOf(body, reason) };
  if (refusal !== '')
    throw failedAnswer(
      'OutputRefused',
      `The provider withheld the output (refusal)${explained(undefined, refusal)}`,
      facts,
    );
  if (reason === 'content_filter') {
    throw failedAnswer(
      'OutputRefused',
      `The provider withheld the output (content_filter)${explained(undefined, text)}`,
      facts,
    );
  }
  const cutOff = reason === 'max_output_tokens' ? truncated(request, facts) : undefined;
  if (text === '')
    throw cutOff ?? failedAnswer('NoOutput', `The answer has no text (${reason ?? statusOf(body)})`, facts);
  if (check !== undefined)
    return { ...(await documentOf(text, { ...facts, truncated: cutOff }, check)), ...flagsOf(body) };
  if (cutOff !== undefined) throw cutOff;
  if (reason !== undefined)
    throw failedAnswer('ProviderResponseInvalid', `The answer is incomplete (${reason})`, facts);
  return { images: [], output: text, usage, provenance: facts.provenance, ...flagsOf(body) };
}

/** Whether the body is an answer of the Responses API. */
export const isResponse = ({ output, status }: Fields): boolean => Array.isArray(output) || status === 'failed';

export function usageOf({ input_tokens: input, output_tokens: output }: Fields): PaidUsage {
  return { inputTokens: countOf(input), outputTokens: countOf(output), images: 0 };
}

export function textsOf(fields: Readonly<Record<string, unknown>>): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

const isFilled = (value: unknown): boolean => typeof value === 'object' && value !== null;
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
const statusOf = ({ status }: Fields): string => nameOf(status) ?? 'completed';

function partsOf({ output }: Fields): Fields[] {
  return listOf(output)
    .map(fieldsOf)
    .filter(({ type }) => type === 'message' || type === undefined)
    .flatMap(({ content }) => listOf(content).map(fieldsOf));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function provenanceOf({ id, model }: Fields, reason: string | undefined): Record<string, JsonValue> {
  return textsOf({ responseId: id, modelVersion: model, finishReason: reason ?? 'completed' });
}

/** A number in any form; 0 for what is not a count. */
function countOf(value: unknown): number {
  const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof count === 'number' && count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.round(count) : 0;
}

/** With the job's own limit, the next answer would be truncated as well, and each answer is billed. */
function truncated({ input }: GenerateRequest, facts: { usage: PaidUsage; reason: string | undefined }): AttemptFailed {
  const limit = input.providerOptions?.['max_output_tokens'];
  if (limit === undefined)
    return failedAnswer('OutputTruncated', 'The answer was cut off at the output limit of the model', facts);
  const message = `The answer was cut off at providerOptions.max_output_tokens, ${JSON.stringify(limit)}`;
  return failedAnswer('OutputTruncated', message, facts, {
    retryable: false,
    hint: 'Raise providerOptions.max_output_tokens, or request a shorter answer. Reasoning counts as output too.',
  });
}

/** What the moderation of the response, if the job asked for it, says against the text. */
function flagsOf({ moderation }: Fields): { flags?: readonly string[] } {
  const { input, output } = fieldsOf(moderation);
  const flags = [...flagged('prompt', input), ...flagged('answer', output)];
  return flags.length === 0 ? {} : { flags };
}

function flagged(what: string, result: unknown): string[] {
  const { flagged: isFlagged, categories } = fieldsOf(result);
  if (isFlagged !== true) return [];
  const names = Object.entries(fieldsOf(categories)).flatMap(([name, value]) => (value === true ? [name] : []));
  return [`OpenAI's moderation flags the ${what}: ${names.join(', ') || 'no category given'}`];
}
