// Gemini through Google's own SDK: images and (structured) text. One call is one request: the SDK itself never retries,
// limits the time, follows a redirect or continues an answer.

// Not the build for Node: its login libraries and WebSocket take 10 MB, and calls with a key do not need them.
import { GoogleGenAI } from '@google/genai/web';
import { AttemptFailed, type PaidUsage, type TaskError } from '../../job/errors/index.ts';
import type { GenerateContext, Generated, GenerateRequest, Provider, ProviderOptions } from '../../ports/provider.ts';
import { WeightedSemaphore } from '../../async/weightedSemaphore.ts';
import { ordinaryAnswer } from '../../job/answerSize.ts';
import { AnswerTooLarge, excessOfAnswers } from '../provider/answerBody.ts';
import { readAnswer } from './answer.ts';
import { cleanedFailure, throwUnlessSendable, failureWithoutResponse } from '../provider/connection.ts';
import { checkKey, originOf, type KeyCheck } from '../provider/checkKey.ts';
import { jsonIn } from '../provider/looseJson.ts';
import { anotherAnswer, noUsage } from '../provider/failedAnswer.ts';
import { withRepair, type InvalidDocument } from '../provider/repair.ts';
import { exchange, type Exchange, type Received } from '../provider/exchange.ts';
import { failureOfResponse } from './failure.ts';
import { isErrorBody, rawAnswerOf, type RawAnswer } from './rawAnswer.ts';
import { attachments, type Attachments } from '../provider/requestBody.ts';
import { contentsOf, configOf, repairOf } from './request.ts';
import { streamedAnswer, type GeminiStream } from './streamedAnswer.ts';
import { schemaCheck, type SchemaCheck } from '../provider/schema.ts';

export interface GeminiSettings extends ProviderOptions {
  /** Replaces Node's own in tests. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * The SDK's own default is `v1` (3.1.0), but `v1` was reported to refuse `responseModalities`, `systemInstruction`, schemas and
 * seeds, which `v1beta` accepts.
 */
const defaultVersion = 'v1beta';

/**
 * The provider for pools with Gemini models. `generate` throws `AttemptFailed`, or the signal's reason after an abort (Google
 * bills the call anyway). It settles only when the call has really ended, because the worker counts calls that ignore their
 * signal. No error contains the API key.
 */
export function geminiProvider(settings: GeminiSettings): Provider {
  const clients = new Map<string, GoogleGenAI>();
  const clientFor = (key: string): GoogleGenAI => {
    const client = clients.get(key) ?? newClient(key, settings);
    clients.set(key, client);
    return client;
  };
  const excess = new WeightedSemaphore(excessOfAnswers);
  const { fetch } = settings;
  return {
    name: 'gemini',
    address: originOf(settings.baseUrl ?? ownAddress),
    checkKey: (key, signal) => checkKey(keyCheck(key, settings), signal),
    generate: (request, context) => {
      const call = { client: clientFor(context.key), request, context, references: attachments(), excess, fetch };
      return generate(call, settings.schemas);
    },
  };
}

/** The SDK's own. */
const ownAddress = 'https://generativelanguage.googleapis.com';

function keyCheck(key: string, { baseUrl = ownAddress, apiVersion = defaultVersion, fetch }: GeminiSettings): KeyCheck {
  return {
    url: `${baseUrl.replace(/\/+$/, '')}/${apiVersion}/models?pageSize=1`,
    headers: { 'x-goog-api-key': key },
    key,
    title: 'Gemini',
    failureOf: (received) => failureOfResponse(received, '', Date.now()),
    fetch,
  };
}

function newClient(key: string, { baseUrl, apiVersion = defaultVersion }: GeminiSettings): GoogleGenAI {
  // `vertexai` is explicit: otherwise GOOGLE_GENAI_USE_VERTEXAI in the environment would send the key to another service.
  return new GoogleGenAI({
    apiKey: key,
    vertexai: false,
    ...(baseUrl === undefined ? {} : { httpOptions: { baseUrl } }),
    apiVersion,
  });
}

type Contents = ReturnType<typeof contentsOf>;

/** What every request of one call shares. */
interface Call {
  readonly client: GoogleGenAI;
  readonly request: GenerateRequest;
  readonly context: GenerateContext;
  readonly references: Attachments;
  readonly excess: WeightedSemaphore;
  readonly fetch: GeminiSettings['fetch'];
}

async function generate(call: Call, schemas: GeminiSettings['schemas']): Promise<Generated> {
  const { request, context, references } = call;
  const { signal, key } = context;
  signal.throwIfAborted();
  throwUnlessSendable(key);
  try {
    // Before the call, so that an unusable schema costs nothing.
    const { schema } = request.input;
    const check = schema === undefined ? undefined : await schemaCheck(schema, schemas, signal);
    signal.throwIfAborted();
    const contents = contentsOf(request, references.mark);
    return await withRepair((invalid) => ask(call, askedAgain(contents, invalid), check), context);
  } catch (error) {
    signal.throwIfAborted();
    throw cleanedFailure('Gemini', error, key);
  }
}

const askedAgain = (contents: Contents, invalid: InvalidDocument | undefined): Contents =>
  invalid === undefined ? contents : repairOf(contents, invalid);

/** Sends one request and reads its answer. */
async function ask(call: Call, contents: Contents, check: SchemaCheck | undefined): Promise<Generated> {
  const { answer, images } = await send(call, contents);
  try {
    return { ...(await readAnswer(answer, call.request, { check, bytesOf: images.bytesOf })), release: images.release };
  } catch (error) {
    images.release();
    throw error;
  }
}

/**
 * The SDK is the transport; the answer is read from the body as it arrived. An answer that the SDK cannot convert is paid for
 * all the same.
 */
async function send(call: Call, contents: Contents): Promise<{ answer: RawAnswer; images: Exchange }> {
  const { request, references, excess, fetch } = call;
  const room = { ordinary: ordinaryAnswer(request.kind, request.input), excess };
  const { onText } = call.context;
  const stream = request.kind === 'text' && onText !== undefined ? streamedAnswer(onText) : undefined;
  const images = exchange({ references, room, fetch, stream, field: 'data' });
  try {
    return { answer: await answerOver({ images, stream }, call, contents), images };
  } catch (error) {
    images.release();
    throw error;
  }
}

interface Carrier {
  readonly images: Exchange;
  /** For an answer that is streamed. */
  readonly stream: GeminiStream | undefined;
}

async function answerOver(
  { images, stream }: Carrier,
  { client, request, context: { signal } }: Call,
  contents: Contents,
): Promise<RawAnswer> {
  const config = { ...configOf(request, signal), httpOptions: { fetch: images.fetch } };
  const parameters = { model: request.model, contents, config };
  try {
    if (stream === undefined) await client.models.generateContent(parameters);
    else await client.models.generateContentStream(parameters);
  } catch (error) {
    signal.throwIfAborted();
    const usage = stream?.usage() ?? (error instanceof AnswerTooLarge ? noUsage : undefined);
    if (images.received() === undefined) throw failedWith(failureWithoutResponse('Gemini', error), usage);
  }
  const received = images.received();
  if (received === undefined) throw new Error('the SDK answered without a request');
  return answerIn(received, request.model, stream?.usage());
}

const failedWith = (error: TaskError, usage: PaidUsage | undefined): AttemptFailed =>
  new AttemptFailed(error, usage === undefined ? {} : { usage });

/** `paid`: what a stream used before its error. */
function answerIn(received: Received, model: string, paid: PaidUsage | undefined): RawAnswer {
  const isSuccess = received.status >= 200 && received.status < 300;
  const body = isSuccess ? jsonIn(received.body) : undefined;
  if (!isSuccess || isErrorBody(body)) {
    throw failedWith(failureOfResponse(received, model, Date.now()), paid);
  }
  const answer = rawAnswerOf(body);
  if (answer !== undefined) return answer;
  throw anotherAnswer('Gemini', received);
}
