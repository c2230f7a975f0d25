// Turns a behaviour and a request into a reply in Gemini's format.

import * as answers from './answer.ts';
import { badKey, forbidden, GoogleError, modelNotFound, rateLimited, statusError } from './googleError.ts';
import { UnreadableReference } from '../picture.ts';
import { BadBehaviour } from '../behaviour.ts';
import { BodyTooLarge } from '../dialect.ts';
import { Unanswerable } from '../refusal.ts';
import { delivered, json, jsonReply, withoutMarkers } from '../reply.ts';
import { rawReply } from '../rawReply.ts';
import type { Answer } from './answer.ts';
import type { GenerateRequest } from './generateRequest.ts';
import type { Behaviour } from '../behaviour.ts';
import type { Painter } from '../picture.ts';
import type { Reply } from '../reply.ts';

/** The framing of an answer: one JSON body, server-sent events, or a JSON array. */
export type Packing = 'body' | 'events' | 'array';

/** Throws GoogleError for every behaviour that is an error. */
export async function replyTo(
  request: GenerateRequest,
  behaviour: Behaviour,
  packing: Packing,
  painter: Painter,
): Promise<Reply> {
  refuse(behaviour, request.model);
  return await delivered(behaviour, {
    ordinary: async () => pack(await answerOf(request, behaviour, painter), packing),
    raw: (raw) => rawReply(raw, request, painter, (text, bytes) => withCandidates(text, request, bytes)),
  });
}

/** Throws the error of `behaviour`, if it is an error. */
export function refuse(behaviour: Behaviour, model: string): void {
  if (behaviour.kind === 'status') throw statusError(behaviour.status, model);
  if (behaviour.kind === 'rate-limited') throw rateLimited(model, behaviour.quota ?? 'minute', behaviour.retryMs);
  if (behaviour.kind === 'bad-key') throw badKey();
  if (behaviour.kind === 'forbidden') throw forbidden();
  if (behaviour.kind === 'not-found') throw modelNotFound(model);
}

export function errorReply(error: unknown): Reply {
  if (error instanceof GoogleError) return jsonReply(error.code, error);
  if (error instanceof UnreadableReference) return errorReply(new GoogleError(400, 'Unable to process input image.'));
  if (isClientsFault(error)) return errorReply(new GoogleError(400, error.message));
  return jsonReply(500, new GoogleError(500, `The stand-in failed: ${String(error)}`));
}

const isClientsFault = (error: unknown): error is Error =>
  [Unanswerable, BodyTooLarge, BadBehaviour, SyntaxError, URIError].some((kind) => error instanceof kind);

/** `"candidates": "OK_IMAGE"` becomes an ordinary answer's. */
function withCandidates(text: string, request: GenerateRequest, bytes: Buffer): string {
  const { candidates } = answers.imageAnswer(request, { mimeType: 'image/png', bytes });
  return text.replaceAll(/"candidates"\s*:\s*"OK_IMAGE"/g, () => `"candidates":${JSON.stringify(candidates)}`);
}

async function answerOf(request: GenerateRequest, behaviour: Behaviour, painter: Painter): Promise<Answer> {
  if (behaviour.kind === 'refuse-prompt') return answers.refusedPrompt(request, behaviour.reason ?? 'SAFETY');
  if (behaviour.kind === 'refuse-output') return answers.refusedOutput(request, behaviour.reason ?? 'IMAGE_SAFETY');
  if (behaviour.kind === 'empty') return answers.emptyAnswer(request);
  if (behaviour.kind === 'no-image') return answers.noImageAnswer(request);
  if (behaviour.kind === 'continuation') return answers.continuationAnswer(request);
  const answer = await ordinary(request, behaviour, painter);
  // A check's verdict is in its text.
  return behaviour.kind === 'flag' && request.json === undefined ? answers.rated(answer) : answer;
}

async function ordinary(request: GenerateRequest, behaviour: Behaviour, painter: Painter): Promise<Answer> {
  if (request.image === undefined) return answers.textAnswer(request, behaviour);
  const isSmall = behaviour.kind === 'image' && behaviour.bytes === 'small';
  const format = behaviour.kind === 'image' ? (behaviour.format ?? 'png') : 'png';
  const { prompt, seed, references, image: size } = request;
  const wanted = { prompt: withoutMarkers(prompt), seed, references, size, format } as const;
  return answers.imageAnswer(request, await (isSmall ? painter.paintSmall(wanted) : painter.paint(wanted)));
}

function pack(answer: Answer, packing: Packing): Reply {
  if (packing === 'body') return jsonReply(200, answer);
  const pieces = answers.piecesOf(answer).map((piece) => JSON.stringify(piece));
  const isArray = packing === 'array';
  const text = isArray ? `[${pieces.join(',\r\n')}]` : pieces.map((piece) => `data: ${piece}\r\n\r\n`).join('');
  return { status: 200, contentType: isArray ? json : 'text/event-stream', body: Buffer.from(text), delivery: 'whole' };
}
