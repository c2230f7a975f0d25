// The stand-in's raw answers, redirects, slow answers, behaviours of a model, and how strict each version of its interface is.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { keyFingerprint, startStandin } from '../../../src/standin/standin.ts';
import type { Standin } from '../../../src/standin/standin.ts';
import { apiFailureOf, generate, imageIn, imageModel, textIn, textModel } from './gemini.ts';

let standin: Standin;
beforeEach(async () => {
  standin = await startStandin();
});
afterEach(() => standin.close());

const post = async (path: string, body: unknown): Promise<Response> =>
  await fetch(`${standin.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'x-goog-api-key': 'key-a' },
    redirect: 'manual',
  });
const contents = [{ role: 'user', parts: [{ text: 'a yard' }] }];

describe('a raw answer', () => {
  it('has the status, headers and body that were asked for', async () => {
    standin.behave({ kind: 'raw', status: 503, headers: { 'Retry-After': '6' }, body: { error: { code: 503 } } });
    const response = await post(`/v1beta/models/${imageModel}:generateContent`, { contents });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '6']);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({ error: { code: 503 } });
  });

  it('sends a string unchanged, with the content type that was asked for', async () => {
    standin.behave({ kind: 'raw', headers: { 'content-type': 'text/html' }, body: '<html>hello</html>' });
    const response = await post(`/v1beta/models/${imageModel}:generateContent`, { contents });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(await response.text()).toBe('<html>hello</html>');
  });

  it.each([
    ['JSON', { candidates: 'OK_IMAGE', modelVersion: 'mine' }],
    ['a string', '{"candidates": "OK_IMAGE", "modelVersion": "mine"}'],
  ])('holds an ordinary image in place of OK_IMAGE: %s', async (_, body) => {
    standin.behave({ kind: 'raw', body });
    const response = await generate(standin, { prompt: 'a yard' });
    expect(response.modelVersion).toBe('mine');
    expect(await sharp(imageIn(response)).metadata()).toMatchObject({ format: 'png' });
  });

  it.each(['jpeg', 'webp', 'gif'])('holds the base64 of a %s', async (format) => {
    const data = `OK_${format.toUpperCase()}`;
    standin.behave({ kind: 'raw', body: { candidates: [{ content: { parts: [{ inlineData: { data } }] } }] } });
    expect(await sharp(imageIn(await generate(standin, { prompt: 'a yard' }))).metadata()).toMatchObject({ format });
  });

  it('can be set over HTTP', async () => {
    await post('/standin/behaviour', { kind: 'raw', status: 418, body: { error: { message: 'tea' } }, times: 1 });
    expect((await post(`/v1beta/models/${imageModel}:generateContent`, { contents })).status).toBe(418);
    expect((await post('/standin/behaviour', { kind: 'raw', status: 99 })).status).toBe(400);
  });
});

it('a redirect names its location', async () => {
  const prompt = 'x [standin: redirect http://127.0.0.1:9/there]';
  const response = await post(`/v1beta/models/${imageModel}:generateContent`, {
    contents: [{ parts: [{ text: prompt }] }],
  });
  expect([response.status, response.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/there']);
});

it('a slow drip arrives piece by piece, and whole', async () => {
  standin.behave({ kind: 'drip', pieces: 5, everyMs: 5 });
  const response = await post(`/v1beta/models/${textModel}:generateContent`, { contents });
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body!) pieces.push(piece as Uint8Array);
  expect(pieces.length).toBeGreaterThan(1);
  expect(JSON.parse(Buffer.concat(pieces).toString())).toHaveProperty('candidates');
});

it('a client that disconnects ends a slow drip', async () => {
  standin.behave({ kind: 'drip', everyMs: 3_600_000 });
  const response = await post(`/v1beta/models/${textModel}:generateContent`, { contents });
  const reader = response.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  await reader.cancel();
  await standin.waitFor((requests) => requests[0]?.outcome === 'aborted', 5_000);
});

it('a behaviour of a key and a model precedes that of the key, which precedes that of the model', async () => {
  standin.behave({ kind: 'status', status: 500 });
  standin.behaveForModel(textModel, { kind: 'status', status: 503 });
  const control = async (body: unknown): Promise<number> => (await post('/standin/behaviour', body)).status;
  await control({ key: 'key-b', behaviour: { kind: 'forbidden' } });
  await control({ key: 'key-b', model: textModel, behaviour: { kind: 'rate-limited' } });
  const status = async (model: string, key: string): Promise<number> =>
    (await apiFailureOf(generate(standin, { prompt: 'a yard', model, key }))).status;
  expect(await status(imageModel, 'key-a')).toBe(500);
  expect(await status(textModel, 'key-a')).toBe(503);
  expect(await status(imageModel, 'key-b')).toBe(403);
  expect(await status(textModel, 'key-b')).toBe(429);
  await control({ key: 'key-b', model: textModel, behaviour: null });
  expect(await status(textModel, 'key-b')).toBe(403);
  standin.behaveForModel(textModel, undefined);
  expect(await status(textModel, 'key-a')).toBe(500);
});

describe('the fields of each version', () => {
  const refusal = async (apiVersion: 'v1' | 'v1beta', config: object, model = textModel): Promise<string> =>
    (await apiFailureOf(generate(standin, { prompt: 'a yard', model, apiVersion, config }))).message;

  it.each([
    ['responseModalities', 'generation_config', { responseModalities: ['TEXT'] }],
    ['imageConfig', 'generation_config', { imageConfig: { aspectRatio: '1:1' } }],
    ['seed', 'generation_config', { seed: 1 }],
    ['responseMimeType', 'generation_config', { responseMimeType: 'application/json' }],
    ['responseJsonSchema', 'generation_config', { responseJsonSchema: { type: 'object' } }],
    ['responseSchema', 'generation_config', { responseSchema: { type: 'OBJECT' } }],
    ['thinkingConfig', 'generation_config', { thinkingConfig: { thinkingBudget: 1 } }],
    ['systemInstruction', '', { systemInstruction: 'be brief' }],
    ['tools', '', { tools: [{ googleSearch: {} }] }],
  ])('v1 lacks %s', async (name, where, config) => {
    const place = where === '' ? '' : ` at '${where}'`;
    const words = `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`;
    expect(await refusal('v1', config)).toContain(words);
    const answer = await generate(standin, { prompt: 'a yard', model: textModel, config });
    expect(textIn(answer)).not.toBe('');
    expect(standin.requests.at(-1)).toMatchObject({ version: 'v1beta', keyFingerprint: keyFingerprint('key-a') });
  });

  it('v1 answers a request with the fields that it has', async () => {
    const config = { temperature: 0.5, topP: 0.9, topK: 3, maxOutputTokens: 100, stopSequences: ['x'] };
    const answer = await generate(standin, { prompt: 'a yard', model: textModel, apiVersion: 'v1', config });
    expect(textIn(answer)).not.toBe('');
    expect(standin.requests.at(-1)).toMatchObject({ version: 'v1', model: textModel });
  });

  it.each([
    ['"extra": Cannot', { contents, extra: 1 }],
    ['"colour" at \'generation_config\'', { contents, generationConfig: { colour: 1 } }],
    ['"dpi" at \'generation_config.image_config\'', { contents, generationConfig: { imageConfig: { dpi: 1 } } }],
    ['"txt" at \'contents[0].parts[0]\'', { contents: [{ parts: [{ txt: 'x' }] }] }],
  ])('v1beta does not know %s', async (words, body) => {
    const response = await post(`/v1beta/models/${imageModel}:generateContent`, body);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string; details: object[] } };
    expect(error.message).toContain(`Invalid JSON payload received. Unknown name ${words}`);
    expect(error.details).toEqual([expect.objectContaining({ '@type': 'type.googleapis.com/google.rpc.BadRequest' })]);
  });
});
