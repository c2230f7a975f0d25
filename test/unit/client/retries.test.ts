// What the client repeats after which failure, for how long, and what its errors say: with a scripted `fetch` and fake time.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  GenwardenApiError,
  GenwardenClient,
  GenwardenConnectionError,
  type CallOptions,
} from '../../../src/client/index.ts';
import { done, hangs, job, lost, problem, scripted, settled, type Scripted } from './scriptedFetch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Call = (client: GenwardenClient, options?: CallOptions) => Promise<unknown>;

const repeatable: Record<string, Call> = {
  submit: (client, options) => client.submit({ kind: 'image', input: { prompt: 'a' } }, options),
  get: (client, options) => client.get('j', options),
  list: (client, options) => Array.fromAsync(client.list({}, options)),
  wait: (client, options) => client.wait('j', options),
  cancel: (client, options) => client.cancel('j', options),
  delete: (client, options) => client.delete('j', options),
  history: (client, options) => client.history('j', options),
  explain: (client, options) => client.explain('j', options),
  download: (client, options) => client.download('j', 0, 'image', options),
  uploadReference: (client, options) => client.uploadReference(Uint8Array.of(1), 'image/png', options),
  links: (client, options) => client.links('j', options),
  workers: (client, options) => client.workers(options),
  pools: (client, options) => client.pools(options),
  doctor: (client, options) => client.doctor(options),
  stuck: (client, options) => client.stuck({}, options),
};

const once: Record<string, Call> = {
  retry: (client, options) => client.retry('j', options),
  review: (client, options) => client.review('j', 0, { run: 1, decision: 'approve' }, options),
  pausePool: (client, options) => client.pausePool('default', options),
  resumePool: (client, options) => client.resumePool('default', options),
  resendWebhook: (client, options) => client.resendWebhook('d', options),
  failStuck: (client, options) => client.failStuck([{ job: 'j', task: 0, sequence: 1 }], options),
};

const temporary: Record<string, () => Scripted> = {
  'a reset connection': () => lost('ECONNRESET'),
  'a refused connection': () => lost('ECONNREFUSED'),
  '429': () => problem(429, 'TooManyRequests', { 'retry-after': '1' }),
  '502 of a proxy': () => new Response('<html>', { status: 502 }),
  '503': () => problem(503, 'Unavailable'),
  '504': () => new Response(null, { status: 504 }),
};

describe('calls that may be repeated', () => {
  test.for(Object.entries(repeatable))('%s is repeated after each temporary failure', async ([, call]) => {
    for (const fail of Object.values(temporary)) {
      const { client, asked } = scripted([fail(), fail(), done]);
      await settled(call(client));
      expect(asked).toHaveLength(3);
      expect(new Set(asked.map(({ method, url, body }) => `${method} ${url} ${body}`)).size).toBe(1);
    }
  });

  test.for(Object.entries(repeatable))('%s is not repeated after a refusal', async ([, call]) => {
    for (const answer of [problem(404, 'JobNotFound'), problem(422, 'InvalidRequest'), problem(500, 'InternalError')]) {
      const { client, asked } = scripted([answer]);
      await expect(settled(call(client))).rejects.toBeInstanceOf(GenwardenApiError);
      expect(asked).toHaveLength(1);
    }
  });

  test('a submit sends the same key each time, and names it when it gives up', async () => {
    const { client, asked } = scripted([lost('ECONNRESET')]);
    const error = await settled(repeatable['submit']!(client)).catch((thrown: unknown) => thrown);
    const keys = new Set(asked.map(({ headers }) => headers.get('idempotency-key')));
    expect(keys.size).toBe(1);
    expect(error).toMatchObject({ mayHaveApplied: true, idempotencyKey: [...keys][0] });
    const mine = scripted([problem(503, 'Unavailable')], { giveUpAfterMs: 0 });
    const submitted = mine.client.submit({ kind: 'image' }, { idempotencyKey: 'mine' });
    await expect(submitted).rejects.toMatchObject({ status: 503, mayHaveApplied: true, idempotencyKey: 'mine' });
    expect(mine.asked).toHaveLength(1);
  });

  test('an error is about all tries: the first may have been carried out, although the last was refused', async () => {
    for (const last of [lost('ECONNREFUSED'), problem(429, 'TooManyRequests'), problem(401, 'Unauthorized')]) {
      const { client, asked } = scripted([lost('ECONNRESET'), last]);
      const error = await settled(repeatable['submit']!(client)).catch((thrown: unknown) => thrown);
      const idempotencyKey = asked[0]!.headers.get('idempotency-key');
      expect(error).toMatchObject({ mayHaveApplied: true, idempotencyKey });
    }
    const { client } = scripted([lost('ECONNRESET'), lost('ECONNREFUSED'), problem(404, 'JobNotFound')]);
    expect(await settled(client.delete('j'))).toBeUndefined();
  });

  test('a cancel whose first answer was lost gives the job that it ended, and a delete is done', async () => {
    const cancelled = scripted([lost('ECONNRESET'), problem(409, 'JobAlreadyFinished'), done]);
    expect(await settled(cancelled.client.cancel('j'))).toEqual(job);
    const deleted = scripted([lost('ECONNRESET'), problem(404, 'JobNotFound')]);
    expect(await settled(deleted.client.delete('j'))).toBeUndefined();
  });

  test('a first cancel or delete, and one after a refused connection, is told what the API says', async () => {
    await expect(settled(scripted([problem(404, 'JobNotFound')]).client.delete('j'))).rejects.toThrow('JobNotFound');
    const refused = [lost('ECONNREFUSED'), problem(409, 'JobAlreadyFinished')];
    await expect(settled(scripted(refused).client.cancel('j'))).rejects.toThrow('JobAlreadyFinished');
  });
});

describe('calls that may not be repeated', () => {
  test.for(Object.entries(once))(
    '%s is sent once, and its error says that it may have been carried out',
    async ([, call]) => {
      for (const name of ['a reset connection', '502 of a proxy', '503', '504']) {
        const { client, asked } = scripted([temporary[name]!(), done]);
        await expect(settled(call(client))).rejects.toMatchObject({ mayHaveApplied: true, hint: expect.any(String) });
        expect([name, asked.length]).toEqual([name, 1]);
      }
    },
  );

  test.for(Object.entries(once))('%s is repeated if it was surely not carried out', async ([, call]) => {
    const { client, asked } = scripted([temporary['a refused connection']!(), temporary['429']!(), done]);
    await settled(call(client));
    expect(asked).toHaveLength(3);
  });

  test('a refusal was not carried out', async () => {
    const { client } = scripted([problem(409, 'NothingToRetry')]);
    await expect(settled(client.retry('j'))).rejects.toMatchObject({ code: 'NothingToRetry', mayHaveApplied: false });
  });
});

describe('limits', () => {
  test('a call gives up 30 s after its first try, and a wait after five minutes', async () => {
    for (const [call, limit] of [
      [repeatable['get']!, 30_000],
      [repeatable['wait']!, 300_000],
    ] as const) {
      const { client, asked } = scripted([lost('ECONNREFUSED')]);
      await expect(settled(call(client))).rejects.toBeInstanceOf(GenwardenConnectionError);
      const [first, last] = [asked[0]!.at, asked.at(-1)!.at];
      expect(last - first).toBeLessThan(limit);
      // The longest delay is 5 s.
      expect(last - first).toBeGreaterThanOrEqual(limit - 5_000);
      expect(Date.now() - first).toBeLessThan(limit);
    }
  });

  test("the call's own limit counts more than that of the client; 0 means one try", async () => {
    const { client, asked } = scripted([lost('ECONNREFUSED')], { giveUpAfterMs: 0 });
    await expect(client.get('j')).rejects.toThrow(
      'No answer from http://api.test: connect ECONNREFUSED 127.0.0.1:8080',
    );
    expect(asked).toHaveLength(1);
    await expect(settled(client.get('j', { giveUpAfterMs: 1_000 }))).rejects.toThrow('No answer');
    expect(asked.length).toBeGreaterThan(2);
  });

  test('Retry-After is waited for, in seconds or as a date', async () => {
    for (const textAt of [
      () => '20',
      (now: number) => new Date(Math.ceil(now / 1_000) * 1_000 + 20_000).toUTCString(),
    ]) {
      const busy = problem(503, 'Unavailable', { 'retry-after': textAt(Date.now()) });
      const { client, asked } = scripted([busy, done]);
      await settled(client.get('j'));
      expect(asked[1]!.at - asked[0]!.at).toBeGreaterThanOrEqual(20_000);
    }
  });

  test('a Retry-After beyond the limit throws at once, without a sleep', async () => {
    const { client, asked } = scripted([problem(429, 'TooManyRequests', { 'retry-after': '31' })]);
    const before = Date.now();
    await expect(client.get('j')).rejects.toMatchObject({ code: 'TooManyRequests', retryAfter: 31_000 });
    expect(Date.now()).toBe(before);
    expect(asked).toHaveLength(1);
  });

  test('a Retry-After of hours is never slept for, and the message names the time', async () => {
    vi.setSystemTime('2026-11-29T16:00:00Z');
    // The last one is longer than timers and dates can be.
    for (const [seconds, message] of [
      ['7200', 'It is TooManyRequests; try again at 2026-11-29T18:00:00Z'],
      ['301', 'It is TooManyRequests; try again at 2026-11-29T16:05:01Z'],
      ['99999999999999', 'It is TooManyRequests'],
    ] as const) {
      const { client, asked } = scripted([problem(429, 'TooManyRequests', { 'retry-after': seconds })]);
      const before = Date.now();
      await expect(client.get('j', { giveUpAfterMs: Infinity })).rejects.toMatchObject({ message });
      await expect(client.wait('j', { giveUpAfterMs: Infinity })).rejects.toMatchObject({ message });
      expect([Date.now(), asked.length]).toEqual([before, 2]);
    }
  });

  test('a signal ends a sleep and a hung request, with its reason', async () => {
    for (const answer of [lost('ECONNRESET'), hangs]) {
      const { client } = scripted([answer]);
      const stop = new AbortController();
      const ended = client.get('j', { signal: stop.signal }).catch((thrown: unknown) => thrown);
      await vi.advanceTimersByTimeAsync(100);
      stop.abort(new Error('enough'));
      expect(await ended).toMatchObject({ message: 'enough' });
    }
    const { client, asked } = scripted([done]);
    await expect(client.get('j', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(asked).toEqual([]);
  });
});

describe('the client', () => {
  test('asks for its token before each request', async () => {
    let count = 0;
    const { client, asked } = scripted([done], { token: async () => `token-${(count += 1)}` });
    await client.get('j');
    await client.get('j');
    expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('refuses an address that is none before it sends anything', () => {
    for (const url of ['', 'localhost:8080', 'ftp://api.test']) {
      expect(() => new GenwardenClient({ url })).toThrow(TypeError);
    }
  });
});
