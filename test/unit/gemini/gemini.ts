// The Gemini provider against a stand-in, and helpers for requests and failures.

import { afterAll, beforeAll } from 'vitest';
import { geminiProvider, type GeminiSettings } from '../../../src/adapters/gemini/index.ts';
import { AttemptFailed, type TaskError } from '../../../src/job/errors/index.ts';
import type { TaskInput } from '../../../src/job/task.ts';
import type { GenerateContext, Generated, GenerateRequest, Provider } from '../../../src/ports/provider.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';
import { startStandin, type Standin } from '../../../src/standin/standin.ts';

export const secretKey = 'AIzaSy-not-a-real-key-0123456789abcdef';

export interface Bench {
  readonly standin: Standin;
  readonly provider: Provider;
}

export const testProvider = (settings: Partial<GeminiSettings> = {}): Provider =>
  geminiProvider({ schemas: fakeSchemaChecker(), ...settings });

/** A stand-in per test file, closed after its tests. */
export function useStandin(): Bench {
  const bench: { standin?: Standin; provider?: Provider } = {};
  beforeAll(async () => {
    bench.standin = await startStandin();
    bench.provider = testProvider({ baseUrl: bench.standin.url });
  });
  afterAll(() => bench.standin?.close());
  return bench as Bench;
}

export const imageRequest = (input: TaskInput, over: Partial<GenerateRequest> = {}): GenerateRequest => ({
  kind: 'image',
  model: 'gemini-3.1-flash-image',
  input,
  references: [],
  ...over,
});

export const textRequest = (input: TaskInput): GenerateRequest => ({
  kind: 'text',
  model: 'gemini-3.1-flash',
  input,
  references: [],
});

export function aContext(signal: AbortSignal = new AbortController().signal): GenerateContext {
  return { signal, key: secretKey, onProgress: () => undefined, anotherCall: () => Promise.resolve(false) };
}

/** The catalogue's error that the call ends with. */
export async function failure(call: Promise<Generated>): Promise<TaskError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof AttemptFailed) return error.error;
  throw new Error('not an AttemptFailed', { cause: error });
}

/** A fetch that answers every request with `answer`, and records the requests' bodies. */
export function cannedFetch(answer: unknown, init: ResponseInit = {}): typeof fetch & { bodies: string[] } {
  const bodies: string[] = [];
  const fake = async (_url: unknown, request?: RequestInit): Promise<Response> => {
    bodies.push(await new Response(request?.body ?? '').text());
    const headers = { 'content-type': 'application/json' };
    return await Promise.resolve(
      new Response(typeof answer === 'string' ? answer : JSON.stringify(answer), { headers, ...init }),
    );
  };
  return Object.assign(fake as typeof fetch, { bodies });
}
