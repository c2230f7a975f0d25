// A complete third provider: Acme, an imaginary service with part of OpenAI's interface, called by plain HTTP. Copy this file to
// src/adapters/acme/index.ts and replace what is Acme's. docs/providers.md explains each part; test/conformance/provider.test.ts
// and providerFailures.test.ts run it.

import { AnswerTooLarge, excessOfAnswers } from '../../src/adapters/provider/answerBody.ts';
import { cleanedFailure, redirected, throwUnlessSendable } from '../../src/adapters/provider/connection.ts';
import { documentOf } from '../../src/adapters/provider/document.ts';
import type { StreamedAnswer } from '../../src/adapters/provider/eventStream.ts';
import { exchange, type Exchange, type Received } from '../../src/adapters/provider/exchange.ts';
import { failedAnswer, noUsage } from '../../src/adapters/provider/failedAnswer.ts';
import { repairWords, withRepair, type InvalidDocument } from '../../src/adapters/provider/repair.ts';
import { retryHint } from '../../src/adapters/provider/retryHint.ts';
import { schemaCheck } from '../../src/adapters/provider/schema.ts';
import { WeightedSemaphore } from '../../src/async/weightedSemaphore.ts';
import { ordinaryAnswer } from '../../src/job/answerSize.ts';
import { AttemptFailed, taskError, type TaskError, type TaskErrorCode } from '../../src/job/errors/index.ts';
import { imageTypeOf } from '../../src/job/imageType.ts';
import type {
  GenerateContext,
  Generated,
  GenerateRequest,
  Provider,
  ProviderOptions,
} from '../../src/ports/provider.ts';

/** What this file reads of Acme's answers. Every field may be missing: the answer is paid for all the same. */
interface Answer {
  readonly status?: string;
  readonly error?: { readonly message?: string; readonly code?: string | null } | null;
  readonly data?: readonly { readonly b64_json?: string }[];
  readonly output?: readonly { readonly content?: readonly { readonly text?: string; readonly refusal?: string }[] }[];
  readonly incomplete_details?: { readonly reason?: string } | null;
  readonly usage?: { readonly input_tokens?: number; readonly output_tokens?: number } | null;
}

interface Call {
  readonly options: ProviderOptions;
  readonly request: GenerateRequest;
  readonly context: GenerateContext;
  readonly excess: WeightedSemaphore;
}

export function acmeProvider(options: ProviderOptions): Provider {
  const excess = new WeightedSemaphore(excessOfAnswers);
  return {
    name: 'acme',
    generate: async (request, context) => {
      const { signal, key } = context;
      signal.throwIfAborted();
      throwUnlessSendable(key);
      try {
        const call = { options, request, context, excess };
        return await (request.kind === 'image' ? drawn(call) : written(call));
      } catch (error) {
        // An aborted call ends with the reason of its signal; any other with an error of the catalogue, without the key.
        signal.throwIfAborted();
        throw cleanedFailure('Acme', error, key);
      }
    },
  };
}

/** The images, whose memory the worker frees by `release`. */
async function drawn(call: Call): Promise<Generated> {
  const { model, input, references } = call.request;
  const size = input.aspectRatio === '3:2' ? '1536x1024' : '1024x1024';
  const images = exchangeFor(call);
  try {
    const fields = { model, prompt: [input.prompt, ...references.map(({ caption = '' }) => caption)].join('\n'), size };
    const body = references.length === 0 ? JSON.stringify(fields) : formOf(fields, references);
    const { data, usage: counted } = await send(call, images, references.length === 0 ? 'generations' : 'edits', body);
    const made = (data ?? []).map(({ b64_json: base64 = '' }) => images.bytesOf(base64));
    const pictures = made.flatMap((bytes) => {
      const mediaType = imageTypeOf(bytes);
      return mediaType === undefined ? [] : [{ mediaType, bytes }];
    });
    const usage = { ...tokensOf(counted), images: pictures.length };
    if (made.length === 0) throw failedAnswer('NoOutput', 'The answer has no image', { usage, reason: undefined });
    if (pictures.length === 0)
      throw failedAnswer('ProviderResponseInvalid', "The answer's data is not an image", { usage, reason: undefined });
    return { images: pictures, output: null, usage, provenance: { size }, release: images.release };
  } catch (error) {
    images.release();
    throw error;
  }
}

async function written(call: Call): Promise<Generated> {
  const { request, context, options } = call;
  const { schema } = request.input;
  // Before the call, so that an unusable schema costs nothing.
  const check = schema === undefined ? undefined : await schemaCheck(schema, options.schemas, context.signal);
  return await withRepair(async (invalid) => {
    const { output = [], usage: counted, incomplete_details: end } = await asked(call, invalid);
    const parts = output.flatMap(({ content = [] }) => content);
    const text = parts.map((part) => part.text ?? '').join('');
    const refusal = parts.find((part) => part.refusal !== undefined);
    const usage = tokensOf(counted);
    const facts = { usage, reason: end?.reason, provenance: { model: request.model } };
    if (refusal !== undefined) throw failedAnswer('OutputRefused', 'The provider withheld the output', facts);
    if (text === '') throw failedAnswer('NoOutput', 'The answer has no text', facts);
    const cutOff =
      end?.reason === undefined ? undefined : failedAnswer('OutputTruncated', 'The answer was cut off', facts);
    if (check !== undefined) return await documentOf(text, { ...facts, truncated: cutOff }, check);
    if (cutOff !== undefined) throw cutOff;
    return { images: [], output: text, usage, provenance: facts.provenance };
  }, context);
}

async function asked(call: Call, invalid: InvalidDocument | undefined): Promise<Answer> {
  const { request, context } = call;
  const { prompt, system, schema } = request.input;
  const words =
    schema === undefined ? [] : [`Answer with JSON only. It must match this JSON Schema: ${JSON.stringify(schema)}`];
  const images = request.references.map(({ bytes, mediaType }) => ({
    type: 'input_image',
    image_url: `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`,
  }));
  const input: object[] = [{ role: 'user', content: [{ type: 'input_text', text: prompt }, ...images] }];
  if (invalid !== undefined)
    input.push({ role: 'assistant', content: invalid.text }, { role: 'user', content: repairWords(invalid.problem) });
  const instructions = [...(system === undefined ? [] : [system]), ...words].join('\n');
  const carrier = exchangeFor(call, context.onText === undefined ? undefined : streamOf(context.onText));
  const body = { model: request.model, instructions, input, stream: context.onText !== undefined };
  return await send(call, carrier, '../responses', JSON.stringify(body)).finally(carrier.release);
}

/** The request with bounded memory and without redirects. Throws `AttemptFailed` for an error. */
async function send(call: Call, carrier: Exchange, path: string, body: string | FormData): Promise<Answer> {
  const { options, context } = call;
  const base = `${options.baseUrl ?? 'https://api.acme.example/v1'}/images/`;
  const headers = {
    authorization: `Bearer ${context.key}`,
    ...(typeof body === 'string' && { 'content-type': 'application/json' }),
  };
  try {
    await carrier.fetch(new URL(path, base), { method: 'POST', headers, body, signal: context.signal });
  } catch (error) {
    // The answer is paid for, although it is not read.
    if (!(error instanceof AnswerTooLarge)) throw error;
    throw new AttemptFailed(taskError('ProviderResponseInvalid', `Cannot read Acme's answer: ${error.message}`), {
      usage: noUsage,
    });
  }
  const received = carrier.received()!;
  const answer = parsed(received.body);
  if (received.status !== 200 || answer?.error) throw new AttemptFailed(failureOf(received, answer, Date.now()));
  if (answer?.data !== undefined || answer?.output !== undefined) return answer;
  throw new AttemptFailed(taskError('ProviderResponseInvalid', 'Acme answered, but not in its interface'), {
    usage: noUsage,
  });
}

/** Which error of the catalogue a response is. This table is most of the work of a provider. */
function failureOf({ status, headers, body }: Received, answer: Answer | undefined, now: number): TaskError {
  if (status >= 300 && status < 400) return redirected('Acme', { status, headers });
  if (status === 200 && answer === undefined) return taskError('ProviderResponseInvalid', 'Acme answered without JSON');
  const { message = body.startsWith('<') ? 'an HTML page' : body, code } = answer?.error ?? {};
  const error = taskError(codeOf(status, code ?? '', message), `Acme answered ${status}: ${message.slice(0, 400)}`, {
    provider: { status, ...(code && { code }) },
  });
  const hint = retryHint({ header: headers.get('retry-after'), details: [], message }, now);
  return error.retryable && hint !== undefined ? { ...error, retryAfter: hint } : error;
}

function codeOf(status: number, code: string, message: string): TaskErrorCode {
  if (code === 'moderation_blocked' || code === 'invalid_prompt') return 'PromptRefused';
  if (status === 401) return 'KeyRefused';
  if (status === 403) return 'PermissionDenied';
  if (status === 404) return 'ModelNotFound';
  if (status === 407) return 'ProviderUnreachable';
  if (status === 408 || status === 409) return 'ProviderError';
  if (status === 429 && (code === 'insufficient_quota' || /per day/.test(message))) return 'QuotaExhausted';
  if (status === 429) return 'RateLimited';
  if (status >= 400 && status < 500) return 'RequestRefused';
  return [502, 503, 504].includes(status) ? 'ProviderUnavailable' : 'ProviderError';
}

/** The answer's text as it arrives; the last event holds the whole answer. */
function streamOf(onText: (piece: string) => void): StreamedAnswer {
  let last: string | undefined;
  return {
    take: (data) => {
      const event = parsed(data) as { type?: string; delta?: string; response?: unknown } | undefined;
      if (event?.type === 'response.output_text.delta' && event.delta) onText(event.delta);
      if (event?.response !== undefined && /completed|incomplete|failed/.test(event.type ?? ''))
        last = JSON.stringify(event.response);
      return last === undefined;
    },
    kept: () => last?.length ?? 0,
    body: (rest) => last ?? rest,
  };
}

function exchangeFor({ request, excess }: Call, stream?: StreamedAnswer): Exchange {
  const room = { ordinary: ordinaryAnswer(request.kind, request.input), excess };
  return exchange({ references: { attached: (init) => init }, room, stream, fetch: undefined, field: 'b64_json' });
}

function formOf(fields: Readonly<Record<string, string>>, references: GenerateRequest['references']): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const { bytes, mediaType } of references)
    form.append('image[]', new Blob([new Uint8Array(bytes)], { type: mediaType }), 'image');
  return form;
}

function tokensOf(usage: Answer['usage']): Generated['usage'] {
  return { inputTokens: usage?.input_tokens ?? 0, outputTokens: usage?.output_tokens ?? 0, images: 0 };
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
