// The bodies of successful answers of OpenAI's interface, whole and as the events of a stream.

import { piecesOfText } from '../writing.ts';
import { createHash } from 'node:crypto';
import type { Behaviour } from '../behaviour.ts';
import { checkAnswerTo } from '../checkAnswer.ts';
import type { ImageRequest } from './imageRequest.ts';
import type { ResponseRequest } from './responseRequest.ts';

export type ImageData = { b64_json: string } | { url: string };

export function imagesAnswer(request: ImageRequest, data: readonly ImageData[]): object {
  const { size, format, references } = request;
  const text = tokensOf(request.prompt);
  const image = 258 * references.length;
  const output = data.length === 0 ? 0 : 1_056;
  const details = { text_tokens: text, image_tokens: image };
  const sizes = {
    size: `${size.width}x${size.height}`,
    quality: 'medium',
    output_format: format,
    background: 'opaque',
  };
  const usage = { input_tokens: text + image, input_tokens_details: details, output_tokens: output };
  return { created: 1_750_000_000, ...sizes, data, usage: { ...usage, total_tokens: text + image + output } };
}

export interface TextOutcome {
  /** Undefined: the response has no output. */
  readonly text?: string;
  readonly refusal?: string;
  readonly incomplete?: string;
}

export function textOf(request: ResponseRequest, behaviour: Behaviour): string {
  if (request.json !== undefined) return JSON.stringify(checkAnswerTo(request.json, behaviour), null, 1);
  return `The stand-in answers ${tokensOf(request.prompt)} tokens with this sentence (${idOf(request).slice(0, 6)}).`;
}

/** `isFlagged`: what the ratings say, if the request asks for them. */
export function responseAnswer(
  request: ResponseRequest,
  outcome: TextOutcome,
  isFlagged: boolean,
): Record<string, unknown> {
  const { incomplete } = outcome;
  const input = tokensOf(request.prompt) + 258 * request.references.length;
  const output = tokensOf(outcome.text ?? outcome.refusal ?? '');
  return {
    id: `resp_${idOf(request)}`,
    object: 'response',
    created_at: 1_750_000_000,
    status: incomplete === undefined ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: incomplete === undefined ? null : { reason: incomplete },
    model: request.model,
    output: outputOf(request, outcome),
    moderation: request.isRated ? { input: rating(false), output: rating(isFlagged) } : null,
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  };
}

const rating = (flagged: boolean): object => ({
  type: 'moderation_result',
  flagged,
  categories: { hate: false, violence: flagged },
});

/** The events of the stream of a response, in order. */
export function eventsOf(response: Record<string, unknown>, { text = '' }: TextOutcome): object[] {
  const started = { ...response, status: 'in_progress', output: [], usage: null };
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const deltas = piecesOfText(text).map((delta) => ({ ...place, type: 'response.output_text.delta', delta }));
  const events = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...deltas,
    ...(text === '' ? [] : [{ ...place, type: 'response.output_text.done', text }]),
    {
      type: response['status'] === 'completed' ? 'response.completed' : `response.${String(response['status'])}`,
      response,
    },
  ];
  return events.map((event, at) => ({ ...event, sequence_number: at }));
}

function outputOf(request: ResponseRequest, { text, refusal }: TextOutcome): object[] {
  const content = [
    ...(text === undefined ? [] : [{ type: 'output_text', text, annotations: [] }]),
    ...(refusal === undefined ? [] : [{ type: 'refusal', refusal }]),
  ];
  const id = `msg_${idOf(request)}`;
  return content.length === 0 ? [] : [{ type: 'message', id, status: 'completed', role: 'assistant', content }];
}

function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** Derived from the request, so that the same request gives the same bytes. */
function idOf({ model, prompt, references }: Pick<ResponseRequest, 'model' | 'prompt' | 'references'>): string {
  const hash = createHash('sha256').update(JSON.stringify([model, prompt]));
  for (const reference of references) hash.update(reference);
  return hash.digest('hex').slice(0, 24);
}
