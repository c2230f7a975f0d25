// The check of a result: it is one more paid call in the same attempt, and whatever happens to it, the result is kept and paid
// for once.

import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { AttemptFailed, taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { answerSchema, type ResultCheck } from '../../../src/job/resultCheck.ts';
import type { ReviewMode } from '../../../src/job/policy.ts';
import type { JsonValue } from '../../../src/job/task.ts';
import type { GenerateContext, GenerateRequest } from '../../../src/ports/provider.ts';
import { systemClock } from '../../fakes/clock.ts';
import { fakeKeyRings } from '../../fakes/keyRing.ts';
import { made, type Generate } from '../../fakes/provider.ts';
import { startWorld, unavailable, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const painter = 'gemini-3.1-flash-image';
const check: ResultCheck = { prompt: 'Is anything red?', schema: answerSchema, models: { default: 'checker' } };
const passed = { flagged: false, reasons: [] };
const flagged = { flagged: true, reasons: ['The border is red.'] };
const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
  .png()
  .toBuffer();

interface Calls {
  readonly pictures: GenerateRequest[];
  readonly checks: GenerateRequest[];
}

type Check = (request: GenerateRequest, context: GenerateContext, count: number) => Promise<JsonValue> | JsonValue;

/** A provider that draws `count` pictures and answers checks. */
function checking(answer: Check, count = 1, safety: readonly string[] = []): Calls & { readonly generate: Generate } {
  const calls: Calls = { pictures: [], checks: [] };
  const generate: Generate = async (request, context) => {
    if (request.model === 'checker') {
      calls.checks.push({ ...request, references: request.references.map((one) => ({ ...one })) });
      return made(await answer(request, context, calls.checks.length));
    }
    calls.pictures.push(request);
    const images = Array.from({ length: count }, () => ({ mediaType: 'image/png', bytes: png }));
    const drawn = request.kind === 'text' ? made('a plan') : { ...made(null), images };
    return safety.length === 0 ? drawn : { ...drawn, flags: safety };
  };
  return { ...calls, generate };
}

const submit = (review: ReviewMode = 'onFlag', over: object = {}) =>
  world.submit({ of: { kind: 'image', ...over }, policy: { review, check }, request: { check } }).task;

const fail = (code: TaskErrorCode): never => {
  throw new AttemptFailed(taskError(code, 'It broke'), {});
};

const metadataOf = (artifacts: readonly { name: string; digest: string }[]): Record<string, unknown> => {
  const { digest } = artifacts.find(({ name }) => name === 'metadata')!;
  return JSON.parse(Buffer.from(world.artifacts.stored.get(`default/${digest}`)!.bytes).toString()) as never;
};

test('a result that passes its check succeeds, and the check is a paid call of the attempt', async () => {
  const { generate, checks, pictures } = checking(() => passed);
  const prices = { [painter]: { image: 0.5 }, checker: { input: 1_000, output: 1_000 } };
  world = startWorld(generate, { prices });
  const { state, detail } = await world.log.reached(submit(), 'succeeded');
  expect(pictures).toHaveLength(1);
  expect(checks).toMatchObject([{ kind: 'text', input: { prompt: 'Is anything red?', schema: answerSchema } }]);
  expect(Buffer.from(checks[0]!.references[0]!.bytes).equals(png)).toBe(true);
  expect(state.spent).toEqual({ calls: 2, inputTokens: 6, outputTokens: 10, cost: 0.008 });
  expect(detail.usage).toMatchObject({ inputTokens: 6, outputTokens: 10, cost: 0.008 });
  expect(detail).not.toHaveProperty('flags');
  expect(metadataOf(detail.artifacts!)).toMatchObject({ check: { model: 'checker', answers: [passed] } });
  expect(world.keys.released).toMatchObject([{ outcome: 'used' }, { outcome: 'used' }]);
  const metrics = await until(
    async () => {
      const text = await world.registry.metrics();
      return text.includes('genwarden_paid_calls_total{') ? text : undefined;
    },
    { what: 'the metrics' },
  );
  expect(metrics).toContain('genwarden_result_checks_total{pool="default",outcome="passed"} 1');
  for (const model of [painter, 'checker'])
    expect(metrics).toContain(
      `genwarden_paid_calls_total{pool="default",provider="fake",model="${model}",outcome="succeeded"} 1`,
    );
});

test('a flagged result waits for review with the reasons', async () => {
  world = startWorld(checking(() => flagged).generate);
  const { state, detail } = await world.log.reached(submit(), 'needs_review');
  expect(state.reason).toBe('Flagged');
  expect(detail.flags).toEqual([{ source: 'check', reason: 'The border is red.' }]);
  expect(detail.message).toMatch(/^Flagged by the check: The border is red\. Completed in /);
  expect(metadataOf(detail.artifacts!)).toMatchObject({ flags: detail.flags, check: { answers: [flagged] } });
});

test.each([
  ['onFlag', passed, [], 'succeeded', 'Succeeded'],
  ['onFlag', passed, ['HARM_CATEGORY_HARASSMENT is MEDIUM'], 'needs_review', 'Flagged'],
  ['always', passed, [], 'needs_review', 'AwaitingReview'],
  ['always', flagged, [], 'needs_review', 'Flagged'],
  ['never', flagged, ['HARM_CATEGORY_HARASSMENT is MEDIUM'], 'succeeded', 'Succeeded'],
] as const)('review %s, check %j, safety %j: %s', async (review, answer, safety, ends, reason) => {
  const { generate, checks } = checking(() => ({ ...answer, reasons: [...answer.reasons] }), 1, safety);
  world = startWorld(generate);
  const { state, detail } = await world.log.reached(submit(review), ends);
  expect(state.reason).toBe(reason);
  expect(checks).toHaveLength(review === 'never' ? 0 : 1);
  const sources = (detail.flags ?? []).map(({ source }) => source);
  expect(sources).toEqual([
    ...(review !== 'never' && answer.flagged ? ['check'] : []),
    ...safety.map(() => 'safety' as const),
  ]);
});

test('each of several images is checked, and the reasons name it', async () => {
  const { generate, checks } = checking((_request, _context, count) => (count === 2 ? flagged : passed), 3);
  world = startWorld(generate);
  const { detail } = await world.log.reached(submit(), 'needs_review');
  expect(checks).toHaveLength(3);
  expect(detail.flags).toEqual([{ source: 'check', reason: 'image-2: The border is red.' }]);
});

test('a text is checked in the prompt', async () => {
  const { generate, checks } = checking(() => flagged);
  world = startWorld(generate);
  const { detail } = await world.log.reached(submit('onFlag', { kind: 'text' }), 'needs_review');
  expect(checks[0]).toMatchObject({
    references: [],
    input: { prompt: 'Is anything red?\n\nThis is the result:\na plan' },
  });
  expect(detail).toMatchObject({ output: 'a plan', flags: [{ source: 'check' }] });
});

test.each<[string, Check, RegExp, number]>([
  ['is out', () => fail('ProviderUnavailable'), /ProviderUnavailable: .*It broke/, 3],
  ['refuses', () => fail('PromptRefused'), /PromptRefused: It broke/, 1],
  ['has no quota', () => fail('QuotaUnavailable'), /QuotaUnavailable: It broke/, 1],
  ['answers by another schema', () => ({ looks: 'fine' }), /OutputInvalid: The answer does not say whether/, 1],
  ['answers what is not valid', () => fail('OutputInvalid'), /OutputInvalid: It broke/, 1],
])('a check whose model %s sends the result to review, paid once', async (_what, answer, why, most) => {
  const { generate, pictures, checks } = checking(answer);
  world = startWorld(generate);
  const { state, detail } = await world.log.reached(submit(), 'needs_review');
  expect(state).toMatchObject({ reason: 'CheckFailed', attempt: 1 });
  expect(detail.message).toMatch(/^The check of the result failed: /);
  expect(detail.message).toMatch(why);
  expect(detail.artifacts!.map(({ name }) => name)).toEqual(['image', 'thumbnail', 'metadata']);
  expect(pictures).toHaveLength(1);
  expect(checks.length).toBeLessThanOrEqual(most);
});

test('a check that fails once is repeated, the picture is not', async () => {
  const { generate, pictures, checks } = checking((_request, _context, count) =>
    count === 1 ? fail('ProviderUnavailable') : passed,
  );
  world = startWorld(generate);
  await world.log.reached(submit(), 'succeeded');
  expect([pictures.length, checks.length]).toEqual([1, 2]);
});

test('a check takes another key where the first one is rate-limited', async () => {
  const { generate, pictures, checks } = checking((_request, { key }) => (key === 'a' ? fail('RateLimited') : passed));
  const keys = ['a', 'b'].map((secret) => ({ secret, requestsPerMinute: Infinity, maxInFlight: Infinity }));
  world = startWorld(generate, { keys: fakeKeyRings(systemClock()).ring({ default: keys }) });
  await world.log.reached(submit(), 'succeeded');
  expect(pictures).toHaveLength(1);
  expect(checks.length).toBeGreaterThan(1);
});

test('a check waits for a key that is free again', async () => {
  const { generate, checks } = checking(() => passed);
  world = startWorld(generate, {
    keys: fakeKeyRings(systemClock()).ring({ default: [{ secret: 'a', requestsPerMinute: Infinity, maxInFlight: 1 }] }),
  });
  const [first, second] = [submit(), submit()];
  await world.log.reached(first, 'succeeded');
  await world.log.reached(second, 'succeeded');
  expect(checks).toHaveLength(2);
});

test('a check waits while NATS does not answer the reservation of its key', async () => {
  const { generate, pictures, checks } = checking(() => passed);
  const keys = fakeKeyRings(systemClock()).ring({
    default: [{ secret: 'a', requestsPerMinute: Infinity, maxInFlight: Infinity }],
  });
  let refusals = 2;
  const reserve: typeof keys.reserve = async (pool, call) => {
    if (call.model === 'checker' && (refusals -= 1) >= 0) throw unavailable();
    return keys.reserve(pool, call);
  };
  world = startWorld(generate, { keys: Object.create(keys, { reserve: { value: reserve } }) as typeof keys });
  await world.log.reached(submit(), 'succeeded');
  expect([pictures.length, checks.length, refusals]).toEqual([1, 1, -1]);
});

const hangs: Check = (_request, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('a check that hangs ends before the attempt is due, and was paid for', async () => {
  const { generate, pictures } = checking(hangs);
  world = startWorld(generate);
  const { state, detail } = await world.log.reached(submit('onFlag', { deadline: Date.now() + 2_000 }), 'needs_review');
  expect(detail.message).toMatch(/^The check of the result failed: It did not end within 1 s\. Completed/);
  expect(state).toMatchObject({ reason: 'CheckFailed', spent: { calls: 2 } });
  expect(pictures).toHaveLength(1);
});

test('without time for a check the result waits for review unchecked', async () => {
  const { generate, checks } = checking(() => passed);
  world = startWorld(generate);
  const { detail } = await world.log.reached(submit('onFlag', { deadline: Date.now() + 900 }), 'needs_review');
  expect(detail.message).toMatch(/^The check of the result failed: No time of the attempt was left for it\. /);
  expect(checks).toHaveLength(0);
});

test('a drain ends the check and reports the result; heartbeats say what the worker does', async () => {
  const called = Promise.withResolvers<void>();
  const { generate, pictures } = checking((...call) => {
    called.resolve();
    return hangs(...call);
  });
  world = startWorld(generate, { drainTimeoutMs: 1 });
  const task = submit();
  await called.promise;
  world.worker.beat();
  expect(world.heartbeats.beats.at(-1)!.tasks).toMatchObject([{ phase: { phase: 'check' } }]);
  await world.worker.drain();
  const { state, detail } = world.log.entryOf(task)!;
  expect(state).toMatchObject({ state: 'needs_review', reason: 'CheckFailed' });
  expect(detail.message).toContain('The worker was shut down during it');
  expect(pictures).toHaveLength(1);
});

test('a cancellation stops the check', async () => {
  const called = Promise.withResolvers<AbortSignal>();
  const { generate } = checking((request, context, count) => {
    called.resolve(context.signal);
    return hangs(request, context, count);
  });
  world = startWorld(generate);
  const task = submit();
  const signal = await called.promise;
  const { sequence } = world.log.entryOf(task)!;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: sequence, reason: 'Cancelled' });
  await until(() => signal.aborted, { what: 'the end of the check' });
});

test('a check that ignores its abort does not hold up the result, and its picture is freed once it settles', async () => {
  const settle = Promise.withResolvers<JsonValue>();
  const { generate } = checking(() => settle.promise);
  let released = 0;
  world = startWorld(async (request, context) => ({
    ...(await generate(request, context)),
    ...(request.kind === 'image' && { release: () => void (released += 1) }),
  }));
  await world.log.reached(submit('onFlag', { deadline: Date.now() + 1_500 }), 'needs_review');
  expect(released).toBe(0);
  settle.resolve(passed);
  await until(() => released === 1, { what: 'the release of the picture' });
});
