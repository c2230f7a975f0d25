// Fallbacks through real processes: one job for each cause, with another model of the pool or another pool as its target.

import { expect, it } from 'vitest';
import type { PolicyRequest } from '../../../src/client/index.ts';
import { modelGone, noQuota, overloaded, refusedPrompt, suspended } from '../../support/badProvider/answers.ts';
import type { Call, RawAnswer } from '../../support/badProvider/provider.ts';
import { audit } from '../support/audit.ts';
import { startFastWorld, type FastWorld } from '../support/badDay/world.ts';

const key = 'AIza-fallback-own';
const reserveKey = 'AIza-fallback-reserve';
const second = 'second-image';
const reserved = 'reserve-image';

interface Cause {
  /** The model that fails, and the prompt. */
  readonly model: string;
  readonly answer: (fast: FastWorld) => RawAnswer;
  readonly policy: PolicyRequest;
  /** `succeeded`, or the code of the failure. */
  readonly ends: string;
  /** The models that were called, in order; calls in a row of the same model count once. */
  readonly called: readonly string[];
}

const toSecond: PolicyRequest = { fallback: [{ model: second }] };
/** A single task cannot tell an outage from its own bad luck, so it makes all its attempts first. */
const soon: PolicyRequest = { backoff: { initial: '1s', max: '1s' } };
const toReserve: PolicyRequest = { fallback: [{ pool: 'reserve' }] };

const causes: Readonly<Record<string, Cause>> = {
  outage: {
    model: 'out-image',
    answer: () => overloaded,
    policy: { ...toSecond, ...soon },
    ends: 'succeeded',
    called: ['out-image', second],
  },
  'outage, to another pool': {
    model: 'down-image',
    answer: () => overloaded,
    policy: { ...toReserve, ...soon },
    ends: 'succeeded',
    called: ['down-image', reserved],
  },
  quota: {
    model: 'poor-image',
    answer: () => noQuota('poor-image'),
    policy: toSecond,
    ends: 'succeeded',
    called: ['poor-image', second],
  },
  retired: {
    model: 'old-image',
    answer: () => modelGone('old-image'),
    policy: toSecond,
    ends: 'succeeded',
    called: ['old-image', second],
  },
  hang: {
    model: 'hung-image',
    answer: () => ({ ...overloaded, hang: true }),
    policy: { ...toReserve, attemptTimeout: '5s' },
    ends: 'succeeded',
    called: ['hung-image', reserved],
  },
  refusal: {
    model: 'strict-image',
    answer: () => refusedPrompt,
    policy: { ...toSecond, fallbackOn: ['refusal'] },
    ends: 'succeeded',
    called: ['strict-image', second],
  },
  'refusal, unless asked': {
    model: 'stern-image',
    answer: () => refusedPrompt,
    policy: toSecond,
    ends: 'PromptRefused',
    called: ['stern-image'],
  },
  'every target fails': {
    model: 'gone-image',
    answer: () => modelGone('gone-image'),
    policy: { fallback: [{ model: 'lost-image' }, { pool: 'reserve', model: 'absent-image' }] },
    ends: 'ModelNotFound',
    called: ['gone-image', 'lost-image', 'absent-image'],
  },
};

it('each cause moves a task to its next target, which uses its own keys', async () => {
  const models = ['first-image', second, 'lost-image', ...Object.values(causes).map(({ model }) => model)];
  const fast = await startFastWorld({
    speed: 10,
    requestsPerMinute: 600,
    keys: [key],
    models,
    otherPools: [{ name: 'reserve', keys: [reserveKey], models: [reserved, 'absent-image'] }],
  });
  const { client } = fast.world;
  fast.provider.answer = (call) => answerTo(call, fast);
  const jobs = await Promise.all(
    Object.entries(causes).map(async ([cause, { model, policy }]) => {
      return (await client.submit({ kind: 'image', model, input: { prompt: cause }, policy })).id;
    }),
  );
  await audit(fast.world, { fault: 'fallbacks', jobs });
  const ended = await Promise.all(jobs.map((job) => client.get(job)));
  const found = Object.keys(causes).map((cause, at) => {
    const { state, tasks } = ended[at]!;
    const calls = fast.provider.calls.filter(({ prompt }) => prompt === cause).map(({ model }) => model);
    const called = calls.filter((model, index) => model !== calls[index - 1]);
    return [cause, { ends: tasks![0]!.error?.code ?? state, called }];
  });
  const expected = Object.entries(causes).map(([cause, { ends, called }]) => [cause, { ends, called }]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  const keysOf = (wanted: (model: string) => boolean): string[] => [
    ...new Set(fast.provider.calls.filter(({ model }) => wanted(model)).map((call) => call.key)),
  ];
  const isReserved = (model: string): boolean => model === reserved || model === 'absent-image';
  expect(keysOf(isReserved)).toEqual([reserveKey]);
  expect(keysOf((model) => !isReserved(model))).toEqual([key]);
});

it('a pool whose keys are all refused hands its tasks to another pool', async () => {
  const fast = await startFastWorld({
    speed: 10,
    requestsPerMinute: 600,
    keys: [key],
    models: ['first-image'],
    otherPools: [{ name: 'reserve', keys: [reserveKey], models: [reserved] }],
  });
  fast.provider.answer = (call) => (call.key === key ? suspended : undefined);
  const submit = async (prompt: string): Promise<string> =>
    (await fast.world.client.submit({ kind: 'image', input: { prompt }, policy: toReserve })).id;
  const jobs = [await submit('one'), await submit('two'), await submit('three')];
  const audited = await audit(fast.world, { fault: 'all keys refused, fallback', jobs });
  const ends = audited.map(({ tasks }) => tasks[0]!.at(-1)!.state);
  expect(ends.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(ends.map(({ target }) => target)).toEqual([1, 1, 1]);
});

function answerTo({ model }: Call, fast: FastWorld): RawAnswer | undefined {
  if (model === 'lost-image' || model === 'absent-image') return modelGone(model);
  return Object.values(causes)
    .find((cause) => cause.model === model)
    ?.answer(fast);
}
