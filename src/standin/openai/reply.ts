// Turns a behaviour and a request into a reply in OpenAI's format.

import sharp from 'sharp';
import { BadBehaviour, type Behaviour } from '../behaviour.ts';
import { BodyTooLarge } from '../dialect.ts';
import { UnreadableReference, type Painter } from '../picture.ts';
import { rawReply } from '../rawReply.ts';
import { Unanswerable } from '../refusal.ts';
import { delivered, jsonReply, withoutMarkers, type Reply } from '../reply.ts';
import { writtenText } from '../writing.ts';
import { eventsOf, imagesAnswer, responseAnswer, textOf, type TextOutcome } from './answer.ts';
import type { ImageRequest } from './imageRequest.ts';
import * as errors from './openaiError.ts';
import type { ResponseRequest } from './responseRequest.ts';

/** Throws OpenAIError for every behaviour that is an error. `imageUrl` is the address of a picture of the stand-in. */
export async function imagesReply(
  request: ImageRequest,
  behaviour: Behaviour,
  { painter, imageUrl }: { painter: Painter; imageUrl: string },
): Promise<Reply> {
  refuse(behaviour, request.model);
  if (behaviour.kind === 'refuse-prompt' || behaviour.kind === 'refuse-output') throw errors.moderationBlocked();
  return await delivered(behaviour, {
    ordinary: async () => {
      const isEmpty = ['empty', 'no-image', 'continuation'].includes(behaviour.kind);
      if (isEmpty) return jsonReply(200, imagesAnswer(request, []));
      if (request.byUrl) return jsonReply(200, imagesAnswer(request, [{ url: imageUrl }]));
      const bytes = await picture(request, behaviour, painter);
      return jsonReply(200, imagesAnswer(request, [{ b64_json: bytes.toString('base64') }]));
    },
    raw: (raw) => rawReply(raw, { ...request, seed: undefined }, painter, (text) => text),
  });
}

export async function responseReply(request: ResponseRequest, behaviour: Behaviour, painter: Painter): Promise<Reply> {
  refuse(behaviour, request.model);
  if (behaviour.kind === 'refuse-prompt') throw errors.invalidPrompt();
  return await delivered(behaviour, {
    ordinary: () => {
      const outcome = outcomeOf(request, behaviour);
      const response = responseAnswer(request, outcome, behaviour.kind === 'flag');
      if (!request.stream) return Promise.resolve(jsonReply(200, response));
      const events = eventsOf(response, outcome) as { type: string }[];
      const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
      return Promise.resolve({
        status: 200,
        contentType: 'text/event-stream; charset=utf-8',
        body: Buffer.from(text),
        delivery: 'whole',
      });
    },
    raw: (raw) => rawReply(raw, { ...request, seed: undefined }, painter, (text) => text),
  });
}

/** Throws the error of `behaviour`, if it is an error. */
export function refuse(behaviour: Behaviour, model: string): void {
  if (behaviour.kind === 'status') throw errors.statusError(behaviour.status, model);
  if (behaviour.kind === 'rate-limited')
    throw errors.rateLimited(model, behaviour.quota ?? 'minute', behaviour.retryMs);
  if (behaviour.kind === 'bad-key') throw errors.badKey('');
  if (behaviour.kind === 'forbidden') throw errors.forbidden(model);
  if (behaviour.kind === 'not-found') throw errors.modelNotFound(model);
}

export function errorReply(error: unknown): Reply {
  if (error instanceof errors.OpenAIError) return { ...jsonReply(error.status, error), headers: error.headers };
  if (error instanceof UnreadableReference)
    return errorReply(errors.invalid('Invalid image file or mode for image 1.', 'image', 'invalid_image_file'));
  const isClientsFault = [Unanswerable, BodyTooLarge, BadBehaviour].some((kind) => error instanceof kind);
  if (isClientsFault) return errorReply(new errors.OpenAIError(400, (error as Error).message));
  return jsonReply(500, new errors.OpenAIError(500, `The stand-in failed: ${String(error)}`));
}

function outcomeOf(request: ResponseRequest, behaviour: Behaviour): TextOutcome {
  if (behaviour.kind === 'empty' || behaviour.kind === 'no-image') return {};
  if (behaviour.kind === 'refuse-output') {
    if (behaviour.reason === 'CONTENT_FILTER') return { text: 'Once upon', incomplete: 'content_filter' };
    return { refusal: "I'm sorry, but I can't help with that." };
  }
  if (behaviour.kind === 'continuation')
    return { text: textOf(request, behaviour).slice(0, 9), incomplete: 'max_output_tokens' };
  const isWritten = behaviour.kind === 'write' && request.json === undefined;
  return { text: isWritten ? writtenText(behaviour.characters) : textOf(request, behaviour) };
}

async function picture(request: ImageRequest, behaviour: Behaviour, painter: Painter): Promise<Buffer> {
  const isSmall = behaviour.kind === 'image' && behaviour.bytes === 'small';
  const { prompt, references, size, format } = request;
  const jpeg = format === 'jpeg' || (behaviour.kind === 'image' && behaviour.format === 'jpeg');
  const wanted = {
    prompt: withoutMarkers(prompt),
    seed: undefined,
    references,
    size,
    format: jpeg ? 'jpeg' : 'png',
  } as const;
  const { bytes } = await (isSmall ? painter.paintSmall(wanted) : painter.paint(wanted));
  return format === 'webp' ? await sharp(bytes).webp().toBuffer() : bytes;
}
