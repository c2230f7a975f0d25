// The OpenAI provider with a fetch that a test answers, and requests for it.

import { openaiProvider, type OpenAISettings } from '../../../src/adapters/openai/index.ts';
import { AttemptFailed, type TaskError } from '../../../src/job/errors/index.ts';
import type { TaskInput } from '../../../src/job/task.ts';
import type { GenerateContext, Generated, GenerateRequest, Provider } from '../../../src/ports/provider.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';

export const testProvider = (settings: Partial<OpenAISettings> = {}): Provider =>
  openaiProvider({ schemas: fakeSchemaChecker(), ...settings });

export const imageRequest = (input: Partial<TaskInput> = {}, over: Partial<GenerateRequest> = {}): GenerateRequest => ({
  kind: 'image',
  model: 'gpt-image-2.5-flare',
  input: { prompt: 'a garden', ...input },
  references: [],
  ...over,
});

export const textRequest = (input: Partial<TaskInput> = {}, over: Partial<GenerateRequest> = {}): GenerateRequest => ({
  kind: 'text',
  model: 'gpt-5.4',
  input: { prompt: 'a story', ...input },
  references: [],
  ...over,
});

export function aContext(over: Partial<GenerateContext> = {}): GenerateContext {
  return {
    signal: new AbortController().signal,
    key: 'sk-test-0123456789abcdef',
    onProgress: () => undefined,
    anotherCall: () => Promise.resolve(false),
    ...over,
  };
}

export async function failure(call: Promise<Generated>): Promise<TaskError> {
  return (await failed(call)).error;
}

export async function failed(call: Promise<Generated>): Promise<AttemptFailed> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof AttemptFailed) return error;
  throw new Error('not an AttemptFailed', { cause: error });
}

export interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A fetch that answers every request in order, the last answer again and again, and records the requests. */
export function answering(...answers: (() => Response)[]): typeof fetch & { readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const fake = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const body = init.body as AsyncIterable<Uint8Array> | string | null | undefined;
    const pieces: Uint8Array[] = [];
    if (typeof body === 'object' && body !== null) for await (const piece of body) pieces.push(piece);
    const text = typeof body === 'string' ? body : Buffer.concat(pieces).toString('latin1');
    sent.push({ url: url instanceof Request ? url.url : String(url), headers: new Headers(init.headers), body: text });
    return answers[Math.min(sent.length, answers.length) - 1]!();
  };
  return Object.assign(fake, { sent });
}

export const json =
  (value: unknown, init: ResponseInit = {}) =>
  (): Response =>
    new Response(typeof value === 'string' ? value : JSON.stringify(value), {
      ...init,
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
    });

export const events =
  (...all: unknown[]) =>
  (): Response =>
    new Response(
      all.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join(''),
      {
        headers: { 'content-type': 'text/event-stream' },
      },
    );

export const aResponse = (over: object = {}): object => ({
  id: 'resp_1',
  status: 'completed',
  model: 'gpt-5.4-2026-03-01',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'hello' }] }],
  usage: { input_tokens: 7, output_tokens: 11 },
  ...over,
});
