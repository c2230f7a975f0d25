// The stand-in as a separate process, controlled and inspected over HTTP, and its answers to bad input.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandin } from '../../../src/standin/standin.ts';
import type { Standin } from '../../../src/standin/standin.ts';
import { apiFailureOf, generate, imageModel } from './gemini.ts';

const main = fileURLToPath(new URL('../../../src/standin/main.ts', import.meta.url));

async function send(url: string, body: unknown, key = 'k'): Promise<{ status: number; body: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers: key === '' ? {} : { 'x-goog-api-key': key },
  });
  return { status: response.status, body: await response.json() };
}

describe('the control of a stand-in over HTTP', () => {
  let standin: Standin;
  beforeAll(async () => {
    standin = await startStandin();
  });
  afterAll(() => standin.close());

  it('sets a default, a script and a behaviour of a key, and shows the requests', async () => {
    const control = `${standin.url}/standin/behaviour`;
    await send(control, { kind: 'status', status: 503 });
    await send(control, { script: [{ kind: 'forbidden' }] });
    await send(control, { key: 'key-b', behaviour: { kind: 'rate-limited', retryMs: 2000 } });
    const statuses = [];
    for (const key of ['key-a', 'key-a', 'key-b']) {
      statuses.push((await apiFailureOf(generate(standin, { prompt: 'yard', key }))).status);
    }
    expect(statuses).toEqual([403, 503, 429]);
    await send(control, { kind: 'image', bytes: 'small' });
    await send(control, { key: 'key-b', behaviour: null });
    await generate(standin, { prompt: 'yard', key: 'key-b', config: { seed: 3 } });
    const report: unknown = await (await fetch(`${standin.url}/standin/requests`)).json();
    expect(report).toMatchObject({ total: 4, inFlight: 0, maxInFlight: 1 });
    const last = {
      id: 4,
      model: imageModel,
      prompt: 'yard',
      references: 0,
      seed: 3,
      behaviour: 'image',
      outcome: 'answered',
    };
    expect(report).toHaveProperty('requests.3', expect.objectContaining({ ...last, status: 200 }));
    expect(JSON.stringify(report)).not.toContain('key-b');
  });

  const body = { contents: [{ parts: [{ text: 'hi' }] }] };
  it.each([
    ['JSON that is none', `/v1/models/${imageModel}:generateContent`, '{"contents":', 400, /Invalid JSON/],
    [
      'an unknown field',
      `/v1/models/${imageModel}:generateContent`,
      { ...body, promt: 1 },
      400,
      /Unknown name "promt"/,
    ],
    ['no contents', `/v1/models/${imageModel}:generateContent`, { contents: [] }, 400, /not specified/],
    [
      'a seed that is no integer',
      '/v1/models/m:generateContent',
      { ...body, generationConfig: { seed: 0.5 } },
      400,
      /seed/,
    ],
    ['a name that cannot be decoded', '/v1/models/%E0%A4%A:generateContent', body, 400, /URI/],
    ['a method that models lack', '/v1/models/m:embedContent', body, 404, /embedContent/],
    ['another address', '/v1/elsewhere', body, 404, /not found/],
    ['an unknown behaviour', '/standin/behaviour', { kind: 'explode' }, 400, /not a behaviour/],
    ['a behaviour with a wrong field', '/standin/behaviour', { kind: 'hang', bytes: 'small' }, 400, /not a behaviour/],
    ['a script with a wrong entry', '/standin/behaviour', { script: [{ kind: 'status', status: 200 }] }, 400, /status/],
  ])('answers %s as Google would', async (_, path, sent, status, message) => {
    const answer = await send(`${standin.url}${path}`, sent);
    expect(answer).toMatchObject({
      status,
      body: { error: { code: status, message: expect.stringMatching(message) } },
    });
  });

  it('refuses a call without a key', async () => {
    const answer = await send(`${standin.url}/v1/models/m:generateContent`, body, '');
    expect(answer).toMatchObject({ status: 403, body: { error: { status: 'PERMISSION_DENIED' } } });
  });
});

describe('the stand-in as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints its address and ends cleanly on %s, even when a request hangs',
    async (signal) => {
      const child = spawn(process.execPath, [main, '--latency', '1h'], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
        const url = /listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1] ?? '';
        const call = send(`${url}/v1/models/m:generateContent`, { contents: [{ parts: [{ text: 'hi' }] }] }).catch(
          () => 'cut',
        );
        await expect
          .poll(async () => await (await fetch(`${url}/standin/requests`)).json())
          .toMatchObject({ inFlight: 1 });
        const ended = once(child, 'exit');
        child.kill(signal);
        expect(await ended).toEqual([0, null]);
        expect(await call).toBe('cut');
      } finally {
        child.kill('SIGKILL');
      }
    },
  );

  it.each([
    ['--port', 'x'],
    ['--latency', '5 minutes'],
    ['--colour', 'red'],
  ])('refuses %s %s with usage and code 2', async (...args) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [[code], text] = await Promise.all([once(child, 'exit') as Promise<[number]>, child.stderr.toArray()]);
    expect(code).toBe(2);
    expect(text.join('')).toContain('usage: main.ts');
  });
});
