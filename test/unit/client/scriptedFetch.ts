// A `fetch` that answers from a script, and records what was asked.
import { vi } from 'vitest';
import { GenwardenClient, type ClientOptions } from '../../../src/client/index.ts';

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal;
  /** By the (possibly fake) clock, ms. */
  readonly at: number;
}

/** A function may take as long as it likes, until the request's signal aborts. */
export type Scripted = Response | Error | ((asked: Asked) => Response | Promise<Response>);

export const job = { id: 'j', state: 'succeeded', finishedAt: '2026-01-01T00:00:00.000Z', items: [], next: null };
/** The answer about a finished job, and an empty page. */
export const done = Response.json(job, { headers: { etag: 'W/"1"' } });

/** A client with a scripted `fetch`. */
export function scripted(answers: readonly Scripted[], options: Partial<ClientOptions> = {}) {
  const { fetch, asked } = scriptedFetch(...answers);
  return { client: new GenwardenClient({ url: 'http://api.test', fetch, ...options }), asked };
}

/** Answers in turn, and repeats the last answer. */
export function scriptedFetch(...answers: readonly Scripted[]) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = await request.clone().text();
    const it = { method, url: `${pathname}${search}`, headers, body, signal: init!.signal!, at: Date.now() };
    asked.push(it);
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer.clone() : await answer(it);
  };
  return { fetch, asked };
}

/** As `fetch` throws it in Node. */
export function lost(code: string): TypeError {
  const cause = Object.assign(new Error(code === 'ECONNREFUSED' ? `connect ${code} 127.0.0.1:8080` : `read ${code}`), {
    code,
  });
  return new TypeError('fetch failed', { cause });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const body = {
    type: 'about:blank',
    title: code,
    status,
    detail: `It is ${code}`,
    code,
    hint: 'Do this.',
    requestId: 'r',
  };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json', ...headers } });
}

/** Never answers; rejects as `fetch` does when its signal aborts. */
export const hangs = ({ signal }: Asked): Promise<Response> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/** The outcome once no timer is left; the test uses fake timers. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  const outcome = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  const ended = await outcome;
  if ('error' in ended) throw ended.error;
  return ended.value;
}
