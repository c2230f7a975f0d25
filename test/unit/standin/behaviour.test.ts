// Each thing the stand-in can be told to do, as the real SDK sees it.

import { ApiError } from '@google/genai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFingerprint, startStandin } from '../../../src/standin/standin.ts';
import type { Behaviour, Standin } from '../../../src/standin/standin.ts';
import { apiFailureOf, failureOf, generate, partsOf, sdk, textIn } from './gemini.ts';

const small: Behaviour = { kind: 'image', bytes: 'small' };

describe('a stand-in that was told to', () => {
  let standin: Standin;

  beforeEach(async () => {
    standin = await startStandin({ keys: ['key-a', 'key-b'] });
    standin.behave(small);
  });
  afterEach(() => standin.close());

  it.each([
    ['status 500', 500, 'INTERNAL'],
    ['status 503', 503, 'UNAVAILABLE'],
    ['504', 504, 'DEADLINE_EXCEEDED'],
    ['status 400', 400, 'INVALID_ARGUMENT'],
    ['forbidden', 403, 'PERMISSION_DENIED'],
    ['not-found', 404, 'NOT_FOUND'],
    ['bad-key', 400, 'INVALID_ARGUMENT'],
  ])('%s answers with that error', async (marker, status, name) => {
    const failure = await apiFailureOf(generate(standin, { prompt: `a yard [standin: ${marker}]` }));
    expect(failure).toMatchObject({ status, code: status, name });
    expect(standin.requests.at(-1)).toMatchObject({ outcome: 'answered', status });
  });

  it('refuse the key says API_KEY_INVALID, as for a key that it does not know', async () => {
    const told = await apiFailureOf(generate(standin, { prompt: '[standin: bad-key]' }));
    const unknown = await apiFailureOf(generate(standin, { prompt: 'a yard', key: 'key-c' }));
    expect(told.details).toEqual([expect.objectContaining({ reason: 'API_KEY_INVALID' })]);
    expect(unknown).toEqual(told);
  });

  it('limit the rate names the quota, and the delay only when asked', async () => {
    const without = await apiFailureOf(generate(standin, { prompt: '[standin: 429]' }));
    expect(without).toMatchObject({ status: 429, name: 'RESOURCE_EXHAUSTED' });
    expect(JSON.stringify(without.details)).toMatch(/QuotaFailure.*PerMinute/);
    expect(JSON.stringify(without.details)).not.toContain('RetryInfo');
    const daily = await apiFailureOf(generate(standin, { prompt: '[standin: 429 per-day retry 1.5s]' }));
    expect(JSON.stringify(daily.details)).toMatch(/QuotaFailure.*PerDay.*RetryInfo.*"retryDelay":"1.5s"/);
  });

  it('refuse the prompt answers 200 with a block reason and no candidates', async () => {
    const response = await generate(standin, { prompt: '[standin: refuse-prompt PROHIBITED_CONTENT]' });
    expect(response.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT');
    expect(response.candidates).toBeUndefined();
  });

  it('refuse the output answers 200 with a finish reason and no parts', async () => {
    const response = await generate(standin, { prompt: '[standin: refuse-output NO_IMAGE]' });
    expect(response.candidates?.[0]?.finishReason).toBe('NO_IMAGE');
    expect(partsOf(response)).toEqual([]);
  });

  it('say nothing, draw nothing or stop half-way answers 200 without an image', async () => {
    const empty = await generate(standin, { prompt: '[standin: empty]' });
    expect([empty.candidates, empty.promptFeedback]).toEqual([undefined, undefined]);
    const noImage = await generate(standin, { prompt: '[standin: no-image]' });
    expect(noImage.candidates?.[0]?.finishReason).toBe('STOP');
    expect(partsOf(noImage).map((part) => Object.keys(part))).toEqual([['text']]);
    const part = await generate(standin, { prompt: '[standin: continuation]' });
    expect(part.candidates?.[0]?.finishReason).toBe('CONTINUATION');
    expect(standin.requests).toHaveLength(3);
  });

  it.each(['cut-body', 'nonsense', 'drop'])('%s makes the call fail, and not as an ApiError', async (kind) => {
    const error = await failureOf(generate(standin, { prompt: `a yard [standin: ${kind}]` }));
    expect(error).not.toBeInstanceOf(ApiError);
    await standin.waitFor((requests) => requests.at(-1)?.outcome === (kind === 'nonsense' ? 'answered' : 'cut'), 5_000);
  });

  it.each(['hang', 'stall', 'slow 1h'])('%s ends with the abort of the client, which it records', async (marker) => {
    const abort = new AbortController();
    const config = { abortSignal: abort.signal };
    const call = failureOf(generate(standin, { prompt: `a yard [standin: ${marker}]`, config }));
    await standin.waitFor((requests) => requests.length === 1, 5_000);
    expect([standin.inFlight(), standin.requests[0]?.outcome]).toEqual([1, 'open']);
    const abortedAt = Date.now();
    abort.abort();
    expect((await call).name).toBe('AbortError');
    await standin.waitFor((requests) => requests[0]?.outcome === 'aborted', 5_000);
    expect(standin.requests[0]?.endedAt).toBeGreaterThanOrEqual(abortedAt);
    expect(standin.inFlight()).toBe(0);
  });

  it('hang makes the timeout of the SDK an AbortError', async () => {
    const call = generate(standin, { prompt: '[standin: hang]', config: { httpOptions: { timeout: 50 } } });
    expect((await failureOf(call)).name).toBe('AbortError');
  });

  it('take its time takes it, before an answer and before an error', async () => {
    await generate(standin, { prompt: '[standin: slow 60ms]' });
    await apiFailureOf(generate(standin, { prompt: '[standin: status 503 after 60ms]' }));
    for (const request of standin.requests) expect(request.durationMs).toBeGreaterThanOrEqual(59);
  });

  it('fail the first times does so for each prompt by itself, one marker after the other', async () => {
    const tries = async (prompt: string): Promise<number[]> => {
      const seen: number[] = [];
      for (let at = 0; at < 4; at += 1) {
        const call = generate(standin, { prompt });
        seen.push(
          await call.then(
            () => 200,
            (error: ApiError) => error.status,
          ),
        );
      }
      return seen;
    };
    const marks = '[standin: status 503 x2] [standin: 429 x1] [standin: image small]';
    expect(await tries(`one ${marks}`)).toEqual([503, 503, 429, 200]);
    expect(await tries(`two ${marks}`)).toEqual([503, 503, 429, 200]);
  });

  it('choose takes marker, then script, then the key, then the default', async () => {
    standin.behave({ kind: 'refuse-output', reason: 'OTHER' });
    standin.behaveForKey('key-b', { kind: 'empty' });
    standin.script([{ kind: 'no-image', times: 2 }, { kind: 'continuation' }]);
    await generate(standin, { prompt: 'a [standin: image small]' });
    for (let at = 0; at < 5; at += 1) await generate(standin, { prompt: 'a', key: at === 3 ? 'key-b' : 'key-a' });
    standin.behaveForKey('key-b', undefined);
    await generate(standin, { prompt: 'a', key: 'key-b' });
    const kinds = ['image', 'no-image', 'no-image', 'continuation', 'empty', 'refuse-output', 'refuse-output'];
    expect(standin.requests.map((request) => request.behaviour)).toEqual(kinds);
    expect(standin.requests[4]?.keyFingerprint).toBe(keyFingerprint('key-b'));
  });

  it('serve many at once counts them', async () => {
    const prompts = Array.from({ length: 8 }, (_, at) => `yard ${at} [standin: hang]`);
    const abort = new AbortController();
    const calls = prompts.map((prompt) =>
      failureOf(generate(standin, { prompt, config: { abortSignal: abort.signal } })),
    );
    await standin.waitFor(() => standin.inFlight() === 8, 5_000);
    abort.abort();
    await Promise.all(calls);
    await standin.waitFor(() => standin.inFlight() === 0, 5_000);
    expect(standin.maxInFlight()).toBe(8);
  });

  it('close ends what hangs', async () => {
    const call = failureOf(generate(standin, { prompt: '[standin: hang]' }));
    await standin.waitFor((requests) => requests.length === 1, 5_000);
    await standin.close();
    expect((await call).message).toMatch(/fetch failed|terminated/);
  });

  it('wait for what never comes gives up with what it saw', async () => {
    await generate(standin, { prompt: 'seen' });
    await expect(standin.waitFor(() => false, 10)).rejects.toThrow(/not seen in 10 ms.*"seen"/);
  });

  it('list its models checks the key, as it does for an image', async () => {
    const list = await sdk(standin).models.list();
    expect(list.page.map((model) => model.name)).toContain('models/gemini-3.1-flash-image');
    expect((await apiFailureOf(sdk(standin, 'key-c').models.list())).status).toBe(400);
    standin.behaveForKey('key-b', { kind: 'forbidden' });
    expect((await apiFailureOf(sdk(standin, 'key-b').models.list())).status).toBe(403);
    expect((await apiFailureOf(sdk(standin).models.get({ model: 'gemini-0' }))).status).toBe(404);
  });

  it('answer in words does so for a text model', async () => {
    const response = await generate(standin, { prompt: 'name a plant', model: 'gemini-3.1-flash' });
    expect(textIn(response)).toMatch(/^The stand-in answers/);
  });
});
