// Calls with the pool's keys: a failing key costs no attempt, a block leaves tasks in the queue, and paid calls are counted.

import { afterEach, expect, test } from 'vitest';
import { AttemptFailed, taskError, type TaskErrorCode, type TaskErrorDetails } from '../../../src/job/errors/index.ts';
import type { GenerateContext, GenerateRequest } from '../../../src/ports/provider.ts';
import { systemClock } from '../../fakes/clock.ts';
import { fakeKeyRings } from '../../fakes/keyRing.ts';
import { hanging, made } from '../../fakes/provider.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

const image = 'gemini-3.1-flash-image';
const threeKeys = () => ringOf('a', 'b', 'c');
const ringOf = (...secrets: string[]) =>
  fakeKeyRings(systemClock()).ring({
    default: secrets.map((secret) => ({ secret, requestsPerMinute: Infinity, maxInFlight: Infinity })),
  });

const fail = (code: TaskErrorCode, details: TaskErrorDetails = {}, paid = false): never => {
  const usage = { inputTokens: 10, outputTokens: 20, images: 0 };
  throw new AttemptFailed(taskError(code, 'It broke', details), paid ? { usage } : {});
};

/** A provider that records its calls as `key model`. */
function recording(answer: (request: GenerateRequest, context: GenerateContext) => void) {
  const calls: string[] = [];
  const generate = async (request: GenerateRequest, context: GenerateContext) => {
    calls.push(`${context.key} ${request.model}`);
    await Promise.resolve();
    answer(request, context);
    return made();
  };
  return { calls, generate };
}

test('a refused key costs no task an attempt, and is asked once', async () => {
  const { calls, generate } = recording((_request, { key }) => key === 'a' && fail('KeyRefused'));
  world = startWorld(generate, { keys: threeKeys() });
  const tasks = Array.from({ length: 24 }, () => world.submit().task);
  for (const task of tasks) await world.log.reached(task, 'succeeded');
  for (const task of tasks) expect(world.log.entryOf(task)!.state).toMatchObject({ attempt: 1, run: 1 });
  // Calls that were reserved before the first refusal was known are not sent either, except those already on their way.
  expect(calls.filter((call) => call.startsWith('a ')).length).toBeLessThanOrEqual(2);
  expect(world.happened.filter((what) => what === 'write queued')).toHaveLength(24);
});

test('a rate-limited key is replaced by the next one within the attempt', async () => {
  const { calls, generate } = recording((_request, { key }) => key !== 'c' && fail('RateLimited'));
  world = startWorld(generate, { keys: threeKeys() });
  const { task } = world.submit();
  await world.log.reached(task, 'succeeded');
  expect(calls.at(-1)).toBe(`c ${image}`);
  expect(world.happened.filter((what) => what.startsWith('write'))).toEqual([
    'write queued',
    'write running',
    'write succeeded',
  ]);
});

test('without a usable key the task returns to its lane, and no other task is called', async () => {
  const { calls, generate } = recording(() => fail('RateLimited', { retryAfter: 60_000 }));
  world = startWorld(generate, { keys: ringOf('a', 'b') });
  const { task } = world.submit();
  await until(() => world.log.entryOf(task)!.state.reason === 'RateLimited', { what: 'the return' });
  expect(world.log.entryOf(task)!.state).toMatchObject({ state: 'queued', lane: 'normal', attempt: 0 });
  expect(calls).toHaveLength(2);
});

test('a model without quota fails for every key, and other models go on', async () => {
  const { generate } = recording(({ model }) => model === image && fail('QuotaUnavailable'));
  world = startWorld(generate, { keys: threeKeys(), models: [image, 'text'] });
  const { task } = world.submit();
  const other = world.submit({ of: { model: 'text' } }).task;
  expect((await world.log.reached(task, 'failed')).state).toMatchObject({ reason: 'QuotaUnavailable', attempt: 1 });
  await world.log.reached(other, 'succeeded');
});

test('tasks of a model that is out are parked in the queue, and tasks of another model run', async () => {
  const { calls, generate } = recording(({ model }) => model === image && fail('ProviderUnavailable'));
  world = startWorld(generate, { keys: threeKeys(), models: [image, 'text'] });
  const { task } = world.submit();
  await world.log.reached(task, 'waiting');
  const parked = world.submit();
  const other = world.submit({ of: { model: 'text' } }).task;
  await world.log.reached(other, 'succeeded');
  const answer = await until(() => parked.delivery.answers[0], { what: 'the delivery to be returned' });
  expect(Number(/^nak (\d+)$/.exec(answer)![1])).toBeGreaterThan(500);
  expect(world.log.entryOf(parked.task)!.state.state).toBe('queued');
  expect(calls.filter((call) => call.endsWith(image))).toHaveLength(1);
});

test('a failure in a known outage does not count', async () => {
  const gate = Promise.withResolvers<void>();
  const { generate } = recording(() => undefined);
  world = startWorld(
    async (request, context) => {
      await generate(request, context);
      if (request.input.prompt === 'second') await gate.promise;
      return fail('ProviderUnavailable');
    },
    { keys: threeKeys() },
  );
  const second = world.submit({ request: { input: { prompt: 'second' } } }).task;
  await until(() => world.log.entryOf(second)!.state.state === 'running', { what: 'the second to run' });
  await world.log.reached(world.submit().task, 'waiting');
  gate.resolve();
  await until(() => world.log.entryOf(second)!.state.reason === 'ProviderUnavailable', { what: 'the failure' });
  expect(world.log.entryOf(second)).toMatchObject({
    state: { state: 'queued', lane: 'normal', attempt: 0 },
    detail: { error: { code: 'ProviderUnavailable', outage: true } },
  });
});

test('every paid call is counted, with its cost', async () => {
  let tries = 0;
  const { generate } = recording(() => (tries += 1) === 1 && fail('NoOutput', {}, true));
  const prices = { [image]: { input: 1_000, output: 10_000, image: 0.5 } };
  world = startWorld(generate, { keys: threeKeys(), prices });
  const { task } = world.submit({ policy: { backoff: { first: 0 } } });
  const waiting = await world.log.reached(task, 'waiting');
  expect(waiting.state.spent).toEqual({ calls: 1, inputTokens: 10, outputTokens: 20, cost: 0.21 });
  const metrics = await until(
    async () => {
      const text = await world.registry.metrics();
      return text.includes('genwarden_cost_total{') ? text : undefined;
    },
    { what: 'the metrics' },
  );
  const labels = `pool="default",provider="fake",model="${image}"`;
  expect(metrics).toContain(`genwarden_paid_calls_total{${labels},outcome="waiting"} 1`);
  expect(metrics).toContain(`genwarden_cost_total{${labels}} 0.21`);
});

test('a call that is aborted after it was sent is billed all the same', async () => {
  world = startWorld(hanging().generate, { keys: threeKeys() });
  const { task } = world.submit({ policy: { attemptTimeout: 100, maxAttempts: 1 } });
  const { state } = await world.log.reached(task, 'failed');
  expect(state).toMatchObject({ reason: 'AttemptTimeout', spent: { calls: 1, inputTokens: 0, outputTokens: 0 } });
});

test('the result says what produced it', async () => {
  const { calls, generate } = recording(() => undefined);
  world = startWorld(generate, { keys: threeKeys() });
  const { task } = world.submit({ policy: {}, of: {} });
  const { detail } = await world.log.reached(task, 'succeeded');
  expect(detail.used).toEqual({ pool: 'default', provider: 'fake', model: image });
  expect(calls).toHaveLength(1);
});

test('a fallback is counted with its pools and its cause', async () => {
  const { generate } = recording(({ model }) => model === image && fail('ModelNotFound'));
  world = startWorld(generate, { keys: threeKeys() });
  const fallback = [{ pool: 'backup', model: 'spare' }];
  const { task } = world.submit({ fallback });
  const moved = await until(
    () => {
      const entry = world.log.entryOf(task)!;
      return entry.state.reason === 'FellBack' ? entry : undefined;
    },
    { what: 'the fallback' },
  );
  expect(moved.state).toMatchObject({ state: 'queued', lane: 'guest', target: 1 });
  expect(moved.detail.message).toContain('falling back to model spare of pool backup');
  const metrics = await world.registry.metrics();
  expect(metrics).toContain('genwarden_fallbacks_total{pool="default",to_pool="backup",cause="retired"} 1');
});
