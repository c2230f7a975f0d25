// OpenAI on a bad day: a Gemini pool and an OpenAI pool in one installation, with real processes. Each is the fallback of the
// other, each key follows its own rules, and every way to fail ends its own task only.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import { GenwardenClient, type PolicyRequest, type SubmitRequest } from '../../../src/client/index.ts';
import { keyFingerprint, type Standin } from '../../../src/standin/standin.ts';
import { startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const models = { google: 'gemini-3.1-flash-image', open: 'gpt-image-1.5' } as const;
const textModel = 'gpt-5.4-mini';
type Pool = keyof typeof models;
const others: Readonly<Record<Pool, Pool>> = { google: 'open', open: 'google' };

interface TwoProviders {
  readonly client: GenwardenClient;
  readonly standin: Standin;
}

/** Both pools with a worker each. `keys`: of the OpenAI pool. */
async function startTwoProviders(keys: readonly string[]): Promise<TwoProviders> {
  const folder = await tempFolder('two-providers');
  onTestFinished(() => folder.remove());
  const poolsFile = join(folder.path, 'pools.json');
  const env = { GENWARDEN_POOLS_FILE: poolsFile, GENWARDEN_CONCURRENCY: '4', GENWARDEN_GEMINI_API_KEYS: undefined };
  const { start, standin } = await startInstallation({ processes: [], env });
  const limits = { requestsPerMinute: 60_000 };
  const google = { models: [models.google], keys: [{ key: 'key-of-google', ...limits }], baseUrl: standin.url };
  const open = {
    provider: 'openai',
    models: [models.open, textModel],
    keys: keys.map((key) => ({ key, ...limits })),
    baseUrl: `${standin.url}/v1`,
  };
  const pools = [
    { name: 'google', ...google },
    { name: 'open', ...open },
  ];
  await writeFile(poolsFile, JSON.stringify({ pools }), { mode: 0o600 });
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 50 });
  const [api] = await Promise.all([
    start('api'),
    start('controller'),
    ...pools.map(({ name }) => start('worker', { GENWARDEN_POOL: name })),
  ]);
  const url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
  return { client: new GenwardenClient({ url }), standin };
}

const policy: PolicyRequest = { backoff: { initial: '200ms', max: '1s' }, attemptTimeout: '10s' };

const image = (pool: Pool, prompt: string, over: PolicyRequest = {}): SubmitRequest => ({
  kind: 'image',
  pool,
  input: { prompt },
  policy: { ...policy, ...over },
});

const submitAll = async (client: GenwardenClient, requests: readonly SubmitRequest[]): Promise<string[]> =>
  (await mapLimit(8, requests, (request) => client.submit(request))).map(({ id }) => id);

const ends = async (client: GenwardenClient, jobs: readonly string[]): Promise<string[]> => {
  const ended = await Promise.all(jobs.map((job) => client.wait(job, { giveUpAfterMs: 30_000 })));
  return ended.map(({ state, tasks }) => tasks![0]!.error?.code ?? state);
};

const several = <T>(number: number, make: (at: number) => T): T[] =>
  Array.from({ length: number }, (_, at) => make(at));

it('an outage of either provider: its tasks fall back to the other one, or wait for its end', async () => {
  const { client, standin } = await startTwoProviders(['key-of-open']);
  for (const out of ['open', 'google'] as const) await outage(out, client, standin);
});

async function outage(out: Pool, client: GenwardenClient, standin: Standin): Promise<void> {
  const other = others[out];
  const before = standin.requests.length;
  standin.behaveForModel(models[out], { kind: 'status', status: 503 });
  const moving = several(16, (at) => image(out, `moves ${at}`, { fallback: [{ pool: other }] }));
  const waiting = several(6, (at) => image(out, `waits ${at}`, { maxAttempts: 5 }));
  const beside = several(8, (at) => image(other, `beside ${at}`));
  const submitted = await Promise.all([moving, waiting, beside].map((all) => submitAll(client, all)));
  const [moved = [], waited = [], innocent = []] = submitted;
  const moves = await ends(client, moved);
  const innocents = await ends(client, innocent);
  const calls = standin.requests.slice(before).filter(({ model }) => model === models[out]).length;
  const endedAt = performance.now();
  standin.behaveForModel(models[out], undefined);
  const waits = await ends(client, waited);
  addEdgeRow({
    fault: `outage of ${out === 'open' ? 'OpenAI, Gemini' : 'Gemini, OpenAI'} takes over (${calls} calls during the outage)`,
    ...(await outcomesOf(client, submitted.flat())),
    innocentsHarmed: innocents.filter((end) => end !== 'succeeded').length,
    recoveredAfterMs: Math.round(performance.now() - endedAt),
  });
  expect(new Set([...moves, ...waits, ...innocents])).toEqual(new Set(['succeeded']));
  const used = await Promise.all(moved.map((job) => client.get(job)));
  expect(new Set(used.map(({ tasks }) => tasks![0]!.used?.model))).toEqual(new Set([models[other]]));
  // Far fewer than the tasks and their attempts: the breaker holds calls back.
  expect(calls).toBeLessThan(moving.length + waiting.length);
}

it('each key of OpenAI follows its own rules', async () => {
  const keys = ['sk-dead-key-0000000000', 'sk-broke-key-111111111', 'sk-limited-key-2222222', 'sk-good-key-333333333'];
  const [dead, broke, limited, good] = keys as [string, string, string, string];
  const { client, standin } = await startTwoProviders(keys);
  standin.behaveForKey(dead, { kind: 'bad-key' });
  standin.behaveForKey(broke, { kind: 'rate-limited', quota: 'credit' });
  standin.behaveForKey(limited, { kind: 'rate-limited', retryMs: 60_000 });
  const jobs = await submitAll(
    client,
    several(40, (at) => image('open', `key ${at}`)),
  );
  const beside = await submitAll(
    client,
    several(8, (at) => image('google', `beside ${at}`)),
  );
  const [ended, innocents] = await Promise.all([ends(client, jobs), ends(client, beside)]);
  const callsOf = (key: string): number =>
    standin.requests.filter(({ keyFingerprint: shown }) => shown === keyFingerprint(key)).length;
  addEdgeRow({
    fault: `a dead key (${callsOf(dead)} calls), one without credit (${callsOf(broke)}), a limited one (${callsOf(limited)}), a good one (${callsOf(good)})`,
    ...(await outcomesOf(client, [...jobs, ...beside])),
    innocentsHarmed: [...ended, ...innocents].filter((end) => end !== 'succeeded').length,
    recoveredAfterMs: undefined,
  });
  expect(new Set([...ended, ...innocents])).toEqual(new Set(['succeeded']));
  expect(callsOf(good)).toBe(jobs.length);
  // Calls that were on their way when the first refusal came back are not more than the worker's slots.
  for (const key of [dead, broke, limited]) {
    expect(callsOf(key)).toBeGreaterThan(0);
    expect(callsOf(key)).toBeLessThanOrEqual(4);
  }
  const attempts = (await Promise.all(jobs.map((job) => client.get(job)))).map(({ tasks }) => tasks![0]!.attempt);
  expect(new Set(attempts)).toEqual(new Set([1]));
});

/** What the stand-in does with the first request of a prompt, and how the task ends. */
const days: readonly (readonly [behaviour: string, end: string])[] = [
  ['status 500 x1', 'succeeded'],
  ['status 409 x1', 'succeeded'],
  ['drop x1', 'succeeded'],
  ['cut-body x1', 'succeeded'],
  ['nonsense x1', 'succeeded'],
  ['empty x1', 'succeeded'],
  ['429 retry 1s x1', 'succeeded'],
  ['hang x1', 'succeeded'],
  ['refuse-prompt', 'PromptRefused'],
  ['refuse-output', 'PromptRefused'],
  ['not-found', 'ModelNotFound'],
  ['redirect', 'ProviderRedirected'],
  ['status 400', 'RequestRefused'],
];

it('each way to fail ends its own task only', async () => {
  const { client, standin } = await startTwoProviders(['key-of-open', 'key-of-open-2']);
  const failing = days.map(([behaviour]) => image('open', `day [standin: ${behaviour}]`, { attemptTimeout: '2s' }));
  const texts: SubmitRequest[] = ['refuse-output', 'continuation x1', 'stall x1'].map((behaviour) => ({
    ...image('open', `text [standin: ${behaviour}]`, { attemptTimeout: '2s' }),
    kind: 'text',
    model: textModel,
  }));
  const good = several(8, (at) => image(at % 2 === 0 ? 'open' : 'google', `beside ${at}`));
  const [bad, written, beside] = await Promise.all([failing, texts, good].map((all) => submitAll(client, all)));
  const [ended, endedTexts, innocents] = await Promise.all([bad!, written!, beside!].map((all) => ends(client, all)));
  addEdgeRow({
    fault: `OpenAI answers ${days.length + texts.length} kinds of nonsense`,
    ...(await outcomesOf(client, [...bad!, ...written!, ...beside!])),
    innocentsHarmed: innocents!.filter((end) => end !== 'succeeded').length,
    recoveredAfterMs: undefined,
  });
  expect(days.map(([behaviour], at) => [behaviour, ended![at]])).toEqual(days);
  expect(endedTexts).toEqual(['OutputRefused', 'succeeded', 'succeeded']);
  expect(new Set(innocents)).toEqual(new Set(['succeeded']));
  expect(standin.inFlight()).toBe(0);
});
