// Deliveries are sent, retried and given up; what other processes store is sent too, and nothing is sent by two readings.
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { newDelivery, resent, type AttemptResult } from '../../../src/job/webhooks/delivery.ts';
import type { WebhookDeliveries } from '../../../src/ports/webhookDeliveries.ts';
import type { WebhookRequest } from '../../../src/ports/webhookReceiver.ts';
import { createApiMetrics } from '../../../src/telemetry/metrics.ts';
import { newSecret } from '../../../src/webhooks/secrets.ts';
import { Sender, type SenderOptions } from '../../../src/webhooks/sender.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { freshJobId, start } from '../../fakes/tasks.ts';
import { fakeWebhookDeliveries } from '../../fakes/webhookDeliveries.ts';
import { until } from '../../support/until.ts';

function aDelivery(order = 1, job = freshJobId()) {
  const event = { id: `${job}-${order}-1-succeeded`, tenant: 'default', job, pool: 'p', task: order, order } as const;
  const facts = { event: 'task.succeeded', url: 'https://app.example/', at: start, expiresAt: start + 1e9 } as const;
  return newDelivery({ ...event, ...facts, data: { job } }, start);
}

function world(answer: (request: WebhookRequest, at: number) => AttemptResult, over: Partial<SenderOptions> = {}) {
  const clock = virtualClock();
  const store = fakeWebhookDeliveries();
  const requests: WebhookRequest[] = [];
  const metrics = createApiMetrics(new Registry());
  const sender = new Sender({
    deliveries: store,
    receiver: {
      post: async (request) => {
        requests.push(request);
        return answer(request, requests.length);
      },
    },
    secrets: { of: () => [newSecret(randomBytes(32))] },
    linksOf: async () => ({ job: 'https://genwarden.example/v1/jobs/1' }),
    clock,
    random: () => 0,
    metrics,
    logger: pino({ level: 'silent' }),
    ...over,
  });
  const stop = new AbortController();
  const run = (): void => {
    const running = sender.run(stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await running;
    });
  };
  const states = (): string[] => store.all().map(({ delivery: { state } }) => state);
  return { clock, store, requests, sender, run, states, metrics };
}

const ok: AttemptResult = { answered: true, status: 204 };
const down: AttemptResult = { answered: true, status: 500 };

test('what is stored at the start is sent, in order per job, with type, time, data and links', async () => {
  const at = world(() => ok);
  const job = freshJobId();
  for (const order of [1, 2, 3]) await at.store.write(aDelivery(order, job), 0);
  at.run();
  await until(() => at.states().every((state) => state === 'delivered'), { what: 'all deliveries' });
  expect(at.requests.map(({ headers }) => headers['webhook-id']!.slice(27))).toEqual([
    '1-1-succeeded',
    '2-1-succeeded',
    '3-1-succeeded',
  ]);
  expect(JSON.parse(at.requests[0]!.body)).toEqual({
    type: 'task.succeeded',
    timestamp: new Date(start).toISOString(),
    data: { job, links: { job: 'https://genwarden.example/v1/jobs/1' } },
  });
  const { values } = await at.metrics.webhookDeliveries.get();
  expect(values).toMatchObject([{ labels: { outcome: 'delivered' }, value: 3 }]);
});

test('a failure is tried again when its time has come, with the same id and a new time', async () => {
  const at = world((_, attempt) => (attempt < 3 ? down : ok));
  await at.store.write(aDelivery(), 0);
  at.run();
  for (const [attempts, wait] of [
    [1, 1_000],
    [2, 2_000],
  ] as const) {
    await until(() => at.store.all()[0]!.delivery.attempts === attempts, { what: `attempt ${attempts}` });
    expect(at.store.all()[0]!.delivery.nextAt).toBe(at.clock.now() + wait);
    await at.clock.advance(wait);
    at.sender.add({ ...at.store.all()[0]!, sequence: 0 });
  }
  await until(() => at.states()[0] === 'delivered', { what: 'the delivery' });
  expect(new Set(at.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(at.requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
});

test('the delay of a delivery counts once, from its event to the answer that accepted it', async () => {
  const at = world((_, attempt) => (attempt < 2 ? down : ok));
  await at.store.write(aDelivery(), 0);
  at.run();
  await until(() => at.store.all()[0]!.delivery.attempts === 1, { what: 'the first attempt' });
  await at.clock.advance(1_000);
  at.sender.add({ ...at.store.all()[0]!, sequence: 0 });
  const delays = async (): Promise<[string | undefined, number][]> =>
    (await at.metrics.webhookDelay.get()).values
      .filter(({ metricName }) => metricName?.endsWith('_bucket') === false)
      .map(({ metricName, value }) => [metricName, value]);
  await until(async () => (await delays())[1]![1] > 0, { what: 'the delay' });
  expect(await delays()).toEqual([
    ['genwarden_webhook_delivery_delay_seconds_sum', 1],
    ['genwarden_webhook_delivery_delay_seconds_count', 1],
  ]);
});

test('a delivery that another process sends again is noticed', async () => {
  const at = world((_, attempt) => (attempt === 1 ? { answered: true, status: 410 } : ok));
  await at.store.write(aDelivery(), 0);
  at.run();
  await until(() => at.states()[0] === 'dead', { what: 'the end' });
  const { delivery, sequence } = at.store.all()[0]!;
  await at.store.write(resent(delivery, at.clock.now()), sequence);
  await until(() => at.states()[0] === 'delivered', { what: 'the delivery' });
  expect(at.requests).toHaveLength(2);
});

test('a tenant without a secret gets nothing unsigned: the delivery waits', async () => {
  const at = world(() => ok, { secrets: { of: () => [] } });
  await at.store.write(aDelivery(), 0);
  at.run();
  await until(() => at.store.all()[0]!.delivery.attempts === 1, { what: 'the attempt' });
  expect(at.store.all()[0]!.delivery).toMatchObject({ state: 'pending', lastError: { reason: 'SecretMissing' } });
  expect(at.requests).toEqual([]);
});

test('what was delivered by another process meanwhile is not sent', async () => {
  const at = world(() => ok);
  const delivery = aDelivery();
  const sequence = (await at.store.write(delivery, 0))!;
  await at.store.write({ ...delivery, state: 'delivered', nextAt: null }, sequence);
  at.run();
  at.sender.add({ delivery, sequence });
  await at.store.write(aDelivery(), 0);
  await until(() => at.states().every((state) => state === 'delivered'), { what: 'the other delivery' });
  expect(at.requests).toHaveLength(1);
});

test('an outcome that NATS does not take at first is written when it does, and the request is not repeated', async () => {
  const at = world(() => ok);
  let refused = 0;
  const write: WebhookDeliveries['write'] = (delivery, expected) => {
    if (expected === 0 || refused >= 2) return at.store.write(delivery, expected);
    refused += 1;
    throw new GenwardenError('Unavailable', 'NATS is away');
  };
  const unsure = world(() => ok, { deliveries: { ...at.store, write } });
  await at.store.write(aDelivery(), 0);
  unsure.run();
  await until(() => at.states()[0] === 'delivered', { what: 'the outcome' });
  expect([refused, unsure.requests.length]).toEqual([2, 1]);
});
