// OpenAI through its own SDK: images by the Images API, text by the Responses API. One call is one request: the SDK itself never
// retries, limits the time or follows a redirect.
//
// Text uses the Responses API rather than chat completions, because OpenAI adds its new models and its moderation there, and
// its refusals, incomplete answers and errors are states of the answer rather than words in it.

import { OpenAI } from 'openai';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { AttemptFailed } from '../../job/errors/index.ts';
import { ordinaryAnswer } from '../../job/answerSize.ts';
import type { GenerateContext, Generated, GenerateRequest, Provider, ProviderOptions } from '../../ports/provider.ts';
import { freeBuffer } from '../../async/freeBytes.ts';
import { WeightedSemaphore, type Release } from '../../async/weightedSemaphore.ts';
import { AnswerTooLarge, excessOfAnswers, wholeBody, type AnswerRoom } from '../provider/answerBody.ts';
import { cleanedFailure, failureWithoutResponse, throwUnlessSendable } from '../provider/connection.ts';
import type { StreamedAnswer } from '../provider/eventStream.ts';
import { exchange, type Exchange, type Received } from '../provider/exchange.ts';
import { checkKey, originOf, type KeyCheck } from '../provider/checkKey.ts';
import { fieldsOf, jsonIn, type Fields } from '../provider/looseJson.ts';
import { anotherAnswer, noUsage } from '../provider/failedAnswer.ts';
import { withRepair, type InvalidDocument } from '../provider/repair.ts';
import { attachments, type Attachments } from '../provider/requestBody.ts';
import { schemaCheck, type SchemaCheck } from '../provider/schema.ts';
import { transport } from '../provider/transport.ts';
import { isResponse, readResponse } from './answer.ts';
import { isErrorBody } from './errorBody.ts';
import { failureOfResponse } from './failure.ts';
import { formAttachments } from './form.ts';
import { ImageRefused, isImages, readImages } from './images.ts';
import { streamedAnswer } from './streamedAnswer.ts';
import { editParams, generateParams, inputOf, repairOf, textParams } from './request.ts';

export interface OpenAISettings extends ProviderOptions {
  /** Replaces Node's own in tests. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Not the SDK's own, which OPENAI_BASE_URL in the environment would replace. */
const ownAddress = 'https://api.openai.com/v1';

/**
 * The provider for pools with OpenAI's models, or those of a server with its interface. `generate` throws `AttemptFailed`, or the
 * signal's reason after an abort (OpenAI bills the call anyway). It settles only when the call has really ended. No error contains
 * the API key.
 */
export function openaiProvider(settings: OpenAISettings): Provider {
  const excess = new WeightedSemaphore(excessOfAnswers);
  return {
    name: 'openai',
    address: originOf(settings.baseUrl ?? ownAddress),
    checkKey: (key, signal) => checkKey(keyCheck(key, settings), signal),
    generate: (request, context) => generate({ settings, request, context, excess }),
  };
}

function keyCheck(key: string, { baseUrl = ownAddress, fetch }: OpenAISettings): KeyCheck {
  return {
    url: `${baseUrl.replace(/\/+$/, '')}/models`,
    headers: { authorization: `Bearer ${key}` },
    key,
    title: 'OpenAI',
    failureOf: (received) => failureOfResponse(received, Date.now()),
    fetch,
  };
}

interface Call {
  readonly settings: OpenAISettings;
  readonly request: GenerateRequest;
  readonly context: GenerateContext;
  readonly excess: WeightedSemaphore;
}

async function generate(call: Call): Promise<Generated> {
  const { settings, request, context } = call;
  const { signal, key } = context;
  signal.throwIfAborted();
  throwUnlessSendable(key);
  try {
    if (request.kind === 'image') return await drawn(call);
    // Before the call, so that an unusable schema costs nothing.
    const { schema } = request.input;
    const check = schema === undefined ? undefined : await schemaCheck(schema, settings.schemas, signal);
    signal.throwIfAborted();
    return await withRepair((invalid) => written(call, check, invalid), context);
  } catch (error) {
    signal.throwIfAborted();
    throw cleanedFailure('OpenAI', error, key);
  }
}

async function drawn(call: Call): Promise<Generated> {
  const {
    request,
    context: { signal },
  } = call;
  const form = formAttachments();
  const images = exchangeOf(call, form);
  const releases: Release[] = [];
  const fetchedImages: Uint8Array[] = [];
  const free = (): void => {
    images.release();
    for (const { buffer } of fetchedImages.splice(0)) freeBuffer(buffer);
    for (const release of releases.splice(0)) release();
  };
  try {
    const files = request.references.map(({ bytes, mediaType }, at) =>
      form.file(`image-${at + 1}.${mediaType.split('/')[1]}`, mediaType, bytes),
    );
    const received = await send(call, images, async (client) =>
      files.length === 0
        ? await client.images.generate(generateParams(request), { signal })
        : await client.images.edit(editParams(request, files), { signal }),
    );
    const body = answerIn(received, isImages);
    const fetched = async (url: URL): Promise<Uint8Array> => {
      const bytes = await fetchImage(url, call, releases);
      fetchedImages.push(bytes);
      return bytes;
    };
    return { ...(await readImages(body, { bytesOf: images.bytesOf, fetched })), release: free };
  } catch (error) {
    free();
    throw error;
  }
}

async function written(
  call: Call,
  check: SchemaCheck | undefined,
  invalid: InvalidDocument | undefined,
): Promise<Generated> {
  const {
    request,
    context: { signal, onText },
  } = call;
  const references = attachments();
  const stream = onText === undefined ? undefined : streamedAnswer(onText);
  const images = exchangeOf(call, references, stream);
  try {
    const first = inputOf(request, references.mark);
    const input: ResponseInputItem[] = invalid === undefined ? first : repairOf(first, invalid);
    const parameters = textParams(request, input);
    const received = await send(call, images, async (client) =>
      stream === undefined
        ? await client.responses.create(parameters, { signal })
        : await client.responses.create({ ...parameters, stream: true }, { signal }),
    );
    const body = answerIn(received, isResponse);
    return await readResponse(body, request, { check, headers: received.headers, now: Date.now() });
  } finally {
    images.release();
  }
}

function exchangeOf(
  { request, excess, settings: { fetch } }: Call,
  references: Pick<Attachments, 'attached'>,
  stream?: StreamedAnswer,
): Exchange {
  return exchange({ references, room: roomOf(request, excess), stream, fetch, field: 'b64_json' });
}

const roomOf = ({ kind, input }: GenerateRequest, excess: WeightedSemaphore): AnswerRoom => ({
  ordinary: ordinaryAnswer(kind, input),
  excess,
});

/** The SDK is the transport; the answer is read from the body as it arrived, because one that it cannot convert is paid for. */
async function send(call: Call, images: Exchange, ask: (client: OpenAI) => Promise<unknown>): Promise<Received> {
  const {
    settings,
    context: { key, signal },
  } = call;
  try {
    await ask(clientFor(key, settings, images.fetch));
  } catch (error) {
    signal.throwIfAborted();
    const cause = causeOf(error);
    if (cause instanceof AttemptFailed) throw cause;
    if (cause instanceof AnswerTooLarge)
      throw new AttemptFailed(failureWithoutResponse('OpenAI', cause), { usage: noUsage });
    if (images.received() === undefined) throw new AttemptFailed(failureWithoutResponse('OpenAI', cause));
  }
  const received = images.received();
  if (received === undefined) throw new Error('the SDK answered without a request');
  return received;
}

/** The SDK wraps what its fetch throws. */
function causeOf(error: unknown): unknown {
  return error instanceof OpenAI.APIConnectionError && error.cause !== undefined ? error.cause : error;
}

/** The longest that a timer can wait, ms, because only the signal limits a call. */
const noTimeout = 2_147_483_647;

function clientFor(key: string, { baseUrl = ownAddress }: OpenAISettings, fetch: typeof globalThis.fetch): OpenAI {
  // With `Response`, the SDK need not try out whether this fetch sends forms. Everything is explicit that variables such as
  // OPENAI_ORG_ID would set otherwise: the keys of a pool may belong to several organizations.
  const own = Object.assign((...call: Parameters<typeof fetch>) => fetch(...call), { Response });
  return new OpenAI({
    apiKey: key,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: baseUrl,
    fetch: own,
    maxRetries: 0,
    timeout: noTimeout,
    logLevel: 'off',
  });
}

function answerIn(received: Received, isAnswer: (body: Fields) => boolean): Fields {
  const isSuccess = received.status >= 200 && received.status < 300;
  const body = isSuccess ? jsonIn(received.body) : undefined;
  if (!isSuccess || isErrorBody(body)) {
    throw new AttemptFailed(failureOfResponse(received, Date.now()));
  }
  const fields = fieldsOf(body);
  if (isAnswer(fields)) return fields;
  throw anotherAnswer('OpenAI', received);
}

/** Without the key, which is for OpenAI alone. */
async function fetchImage(
  url: URL,
  { request, context, excess, settings }: Call,
  releases: Release[],
): Promise<Uint8Array> {
  const { fetch = transport } = settings;
  const response = await fetch(url, { signal: context.signal, redirect: 'manual' });
  if (response.ok) return await wholeBody(response, roomOf(request, excess), releases);
  await response.body?.cancel();
  throw new ImageRefused(`it answered ${response.status}`);
}
