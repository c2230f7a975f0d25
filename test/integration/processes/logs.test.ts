// What real processes write: every line has an event, no line has a prompt or a secret, and SIGUSR2 shows more for a while.

import { expect, test } from 'vitest';
import { logEvents } from '../../../src/job/logEvents/index.ts';
import { anImage, startInstallation, type Env, type Installation } from '../../support/installation.ts';
import type { TestProcess } from '../../support/process.ts';

const mark = 'Quetzalcoatl';
const prompt = `${mark} in the evening sun, ${'a long prompt '.repeat(30)}`;
const key = 'no-ordinary-form-Xolotl';
const token = 'no-ordinary-form-Tlaloc';

interface Line {
  readonly level: string;
  readonly event?: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

interface Stage extends Installation {
  readonly processes: readonly TestProcess[];
}

async function startAll(env: Env): Promise<Stage> {
  const keys = { GENWARDEN_GEMINI_API_KEYS: key, GENWARDEN_LOG_LEVEL: 'debug', ...env };
  const installation = await startInstallation({ env: keys, processes: [] });
  const processes = [
    await installation.start('controller'),
    await installation.start('worker'),
    await installation.start('api'),
  ];
  const url = /API on (http:\S+?)["\s]/.exec(processes[2]!.lines.join('\n'))![1]!;
  return { ...installation, url, processes };
}

/** What the provider may answer that repeats the prompt and the key. */
const echoes = [400, 503].map((status) => ({
  kind: 'raw' as const,
  status,
  body: { error: { code: status, status: 'INVALID', message: `Cannot draw "${prompt}" with API key ${key}` } },
}));
const otherEchoes = [
  { kind: 'raw' as const, status: 200, body: `<html>${prompt} ${key}</html>` },
  {
    kind: 'raw' as const,
    status: 200,
    body: { candidates: [{ content: { parts: [{ text: prompt }] }, finishReason: 'STOP' }] },
  },
];

async function useIt({ url, standin }: Stage): Promise<void> {
  const post = async (body: string, path = '/v1/jobs'): Promise<Response> =>
    await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
    });
  const submit = async (attempts: number): Promise<string> => {
    const accepted = await post(JSON.stringify(anImage(prompt, { policy: { maxAttempts: attempts } })));
    expect(accepted.status).toBe(202);
    return ((await accepted.json()) as { id: string }).id;
  };
  const ended = async (id: string): Promise<string> =>
    ((await (await fetch(`${url}/v1/jobs/${id}?wait=30s`)).json()) as { state: string }).state;
  expect(await ended(await submit(1))).toBe('succeeded');
  for (const echo of [...echoes, ...otherEchoes]) {
    standin.behave(echo);
    expect(await ended(await submit(1))).toBe('failed');
    // So that the failures do not add up to an outage.
    standin.behave(undefined);
    expect(await ended(await submit(1))).toBe('succeeded');
  }
  standin.behave({ kind: 'hang' });
  const hanging = await submit(1);
  expect((await post('{}', `/v1/jobs/${hanging}/cancel`)).status).toBe(200);
  for (const body of [`{"kind": ${mark}`, JSON.stringify({ kind: mark, [mark]: mark, input: { prompt: [prompt] } })]) {
    const refused = await post(body);
    expect([400, 422]).toContain(refused.status);
  }
  expect((await fetch(`${url}/v1/jobs?${mark}=${mark}`)).status).toBe(422);
}

async function linesOf({ processes }: Stage): Promise<{ text: string; lines: Line[] }> {
  for (const one of processes.toReversed()) await one.stop();
  const all = processes.flatMap(({ lines }) => lines);
  return { text: all.join('\n'), lines: all.map((line) => JSON.parse(line) as Line) };
}

test('no line has a prompt or a secret, and every line has an event, through success, failures and bad input', async () => {
  const stage = await startAll({});
  await useIt(stage);
  const { text, lines } = await linesOf(stage);
  for (const hidden of [mark, 'a long prompt', key, token]) expect(text).not.toContain(hidden);
  const events = lines.filter(({ level }) => level !== 'debug').map(({ event }) => event);
  expect(events.filter((event) => event === undefined || !(event in logEvents))).toEqual([]);
  const usual = [
    ['metrics_listening', 'controller_started', 'worker_started', 'api_listening', 'leader_elected'],
    ['generation_started', 'generation_completed', 'generation_failed', 'generation_cancelled'],
    ['leader_resigned'],
  ].flat();
  expect(events).toEqual(expect.arrayContaining(usual));
  const failures = lines.filter(({ event }) => event === 'generation_failed');
  expect(failures.map(({ reason }) => reason)).toEqual([
    'RequestRefused',
    'ProviderUnavailable',
    'ProviderResponseInvalid',
    'NoOutput',
  ]);
  expect(failures[0]!.msg).toBe('The provider rejected the request as malformed (400 INVALID)');
}, 120_000);

test('prompts and words of providers are shown on request, secrets never', async () => {
  const stage = await startAll({ GENWARDEN_LOG_PROMPTS: 'shown' });
  await useIt(stage);
  const { text, lines } = await linesOf(stage);
  for (const hidden of [key, token]) expect(text).not.toContain(hidden);
  const [started] = lines.filter(({ event }) => event === 'generation_started');
  expect(started!['prompt']).toBe(prompt.slice(0, 200));
  const [failed] = lines.filter(({ event }) => event === 'generation_failed');
  expect(failed!['detail']).toContain(`Cannot draw "${mark}`);
}, 120_000);

test('SIGUSR2 shows more in every process, and a second one ends that', async () => {
  const { processes } = await startAll({ GENWARDEN_LOG_LEVEL: 'info' });
  for (const one of processes) {
    one.kill('SIGUSR2');
    await one.waitForLine(/"log_level_changed","logLevel":"debug"/);
    one.kill('SIGUSR2');
    await one.waitForLine(/"log_level_changed","logLevel":"info"/);
  }
}, 60_000);
