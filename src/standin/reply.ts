// Turns a behaviour and a request into a reply, and sends it: completely, cut in the middle, or never finished.

import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as answers from './answer.ts';
import { badKey, forbidden, GoogleError, modelNotFound, rateLimited, statusError } from './googleError.ts';
import { UnreadableReference } from './picture.ts';
import { rawReply } from './rawReply.ts';
import type { Answer } from './answer.ts';
import type { GenerateRequest } from './generateRequest.ts';
import type { Behaviour } from './behaviour.ts';
import type { Painter } from './picture.ts';

/** The framing of an answer: one JSON body, server-sent events, or a JSON array. */
export type Packing = 'body' | 'events' | 'array';

export interface Reply {
  status: number;
  contentType: string;
  headers?: Readonly<Record<string, string>>;
  body: Buffer;
  /** `half`: half of it, then a cut; `stalled`: half of it, then silence; `never`: silence; `drop`: an immediate cut. */
  delivery: 'whole' | 'half' | 'stalled' | 'never' | 'drop' | Drip;
}

interface Drip {
  pieces: number;
  everyMs: number;
}

/** Throws GoogleError for every behaviour that is an error. */
export async function replyTo(
  request: GenerateRequest,
  behaviour: Behaviour,
  packing: Packing,
  painter: Painter,
): Promise<Reply> {
  refuse(behaviour, request.model);
  switch (behaviour.kind) {
    case 'hang':
      return { ...nothing, delivery: 'never' };
    case 'drop':
      return { ...nothing, delivery: 'drop' };
    case 'nonsense':
      return { ...nothing, body: Buffer.from('<html><body>Not what you hoped for</body></html>'), delivery: 'whole' };
    case 'redirect': {
      const { status = 302, location = 'http://other-host.invalid/' } = behaviour;
      return { ...nothing, status, headers: { location }, delivery: 'whole' };
    }
    case 'raw':
      return { contentType: json, delivery: 'whole', ...(await rawReply(behaviour, request, painter)) };
    case 'drip': {
      const { pieces = 20, everyMs = 50 } = behaviour;
      return { ...pack(await ordinary(request, behaviour, painter), packing), delivery: { pieces, everyMs } };
    }
    case 'cut-body':
      return { ...pack(await ordinary(request, behaviour, painter), packing), delivery: 'half' };
    case 'stall':
      return { ...pack(await ordinary(request, behaviour, painter), packing), delivery: 'stalled' };
    default:
      return pack(await answerOf(request, behaviour, painter), packing);
  }
}

/** Throws the error of `behaviour`, if it is an error. */
export function refuse(behaviour: Behaviour, model: string): void {
  if (behaviour.kind === 'status') throw statusError(behaviour.status, model);
  if (behaviour.kind === 'rate-limited') throw rateLimited(model, behaviour.quota ?? 'minute', behaviour.retryMs);
  if (behaviour.kind === 'bad-key') throw badKey();
  if (behaviour.kind === 'forbidden') throw forbidden();
  if (behaviour.kind === 'not-found') throw modelNotFound(model);
}

export function jsonReply(status: number, value: unknown): Reply {
  return { status, contentType: json, body: Buffer.from(`${JSON.stringify(value)}\n`), delivery: 'whole' };
}

export function errorReply(error: unknown): Reply {
  if (error instanceof GoogleError) return jsonReply(error.code, error);
  return jsonReply(500, new GoogleError(500, `The stand-in failed: ${String(error)}`));
}

/** The server's end of one exchange. */
export interface Line {
  response: ServerResponse;
  /** Fires when the connection ends before the answer was sent. */
  signal: AbortSignal;
  /** Whether it was the stand-in that ended it. */
  isCut: boolean;
}

/** Resolves when the reply is sent or cut, or the client has disconnected; never rejects because of a disconnect. */
export async function deliver(reply: Reply, line: Line): Promise<void> {
  const { response, signal } = line;
  if (signal.aborted) return;
  if (reply.delivery === 'never') return await untilDisconnected(signal);
  if (reply.delivery === 'drop') return cut(line);
  const fixed = { 'content-type': reply.contentType, 'content-length': reply.body.length };
  response.writeHead(reply.status, { ...fixed, ...reply.headers });
  if (typeof reply.delivery === 'object') return await drip(reply.body, reply.delivery, line);
  if (reply.delivery === 'whole') return void response.end(reply.body);
  response.write(reply.body.subarray(0, Math.floor(reply.body.length / 2)), () => {
    if (reply.delivery === 'half') cut(line);
  });
  await untilDisconnected(signal);
}

async function drip(body: Buffer, { pieces, everyMs }: Drip, { response, signal }: Line): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / pieces));
  for (let at = 0; at < body.length; at += size) {
    if (signal.aborted) return;
    response.write(body.subarray(at, at + size));
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
  response.end();
}

const json = 'application/json; charset=UTF-8';
const nothing = { status: 200, contentType: 'text/html; charset=UTF-8', body: Buffer.alloc(0) };

function cut(line: Line): void {
  line.isCut = true;
  line.response.destroy();
}

async function untilDisconnected(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function answerOf(request: GenerateRequest, behaviour: Behaviour, painter: Painter): Promise<Answer> {
  if (behaviour.kind === 'refuse-prompt') return answers.refusedPrompt(request, behaviour.reason ?? 'SAFETY');
  if (behaviour.kind === 'refuse-output') return answers.refusedOutput(request, behaviour.reason ?? 'IMAGE_SAFETY');
  if (behaviour.kind === 'empty') return answers.emptyAnswer(request);
  if (behaviour.kind === 'no-image') return answers.noImageAnswer(request);
  if (behaviour.kind === 'continuation') return answers.continuationAnswer(request);
  return await ordinary(request, behaviour, painter);
}

async function ordinary(request: GenerateRequest, behaviour: Behaviour, painter: Painter): Promise<Answer> {
  if (request.image === undefined) return answers.textAnswer(request);
  const isSmall = behaviour.kind === 'image' && behaviour.bytes === 'small';
  const format = behaviour.kind === 'image' ? (behaviour.format ?? 'png') : 'png';
  const { prompt, seed, references, image: size } = request;
  const wanted = { prompt: withoutMarkers(prompt), seed, references, size, format } as const;
  try {
    return answers.imageAnswer(request, await (isSmall ? painter.paintSmall(wanted) : painter.paint(wanted)));
  } catch (error) {
    if (error instanceof UnreadableReference) throw new GoogleError(400, 'Unable to process input image.');
    throw error;
  }
}

/** The caption shows the prompt without the markers for the stand-in. */
function withoutMarkers(prompt: string): string {
  return prompt.replace(/\s*\[standin:[^\]]*\]/gi, '');
}

function pack(answer: Answer, packing: Packing): Reply {
  if (packing === 'body') return jsonReply(200, answer);
  const pieces = answers.piecesOf(answer).map((piece) => JSON.stringify(piece));
  const isArray = packing === 'array';
  const text = isArray ? `[${pieces.join(',\r\n')}]` : pieces.map((piece) => `data: ${piece}\r\n\r\n`).join('');
  return { status: 200, contentType: isArray ? json : 'text/event-stream', body: Buffer.from(text), delivery: 'whole' };
}
