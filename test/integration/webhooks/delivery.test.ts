// Webhooks of real processes: signed, in order, with links that lead back, and sent again when they were given up.
import { expect, test } from 'vitest';
import type { Job } from '../../../src/client/index.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newSecret } from '../../../src/webhooks/index.ts';
import { startReceiver, webhookSecrets, writeSecrets } from '../../support/webhookReceiver.ts';

async function installationWith(path: string, env: Record<string, string> = {}): Promise<Installation> {
  return startInstallation({
    env: { GENWARDEN_WEBHOOK_SECRETS_FILE: path, GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8', ...env },
  });
}

test('a job sends its events in order, signed, with links that need no token', { timeout: 60_000 }, async () => {
  const { secret, path } = await webhookSecrets();
  const receiver = await startReceiver(secret);
  const { client, url } = await installationWith(path);
  const job = await client.submit(
    anImage('a front yard', {
      tasks: [{ name: 'front', metadata: { area: 1 } }, { name: 'back' }],
      labels: { project: 'p1' },
      metadata: { brand: 'b1' },
      webhook: { url: `${receiver.url}/hook?token=abc`, events: ['task.succeeded', 'job.finished'] },
    }),
  );
  expect(job.webhook).toEqual({ url: `${receiver.url}/hook?token=***`, events: ['job.finished', 'task.succeeded'] });
  await until(() => receiver.received.length === 3, { what: 'all events', timeoutMs: 30_000 });
  expect(receiver.unverified).toEqual([]);
  const events = receiver.received.map(({ event }) => event);
  expect(events.map(({ type }) => type)).toEqual(['task.succeeded', 'task.succeeded', 'job.finished']);
  const finished = events[2]!.data;
  expect(finished).toMatchObject({
    job: job.id,
    tenant: 'default',
    state: 'succeeded',
    labels: { project: 'p1' },
    metadata: { brand: 'b1' },
    progress: { total: 2, succeeded: 2, failed: 0, cancelled: 0 },
    failures: [],
    task: null,
  });
  const front = events.find(({ data }) => data.task?.name === 'front')!.data;
  expect(front.task).toMatchObject({ index: 0, state: 'succeeded', run: 1, error: null, metadata: { area: 1 } });
  expect(front.links.artifacts!.map(({ task }) => task)).toEqual(front.links.artifacts!.map(() => 0));
  expect(receiver.received[0]!.path).toBe('/hook?token=abc');
  expect(finished.links.job!.startsWith(`${url}/v1/jobs/${job.id}?link=`)).toBe(true);
  const linked = (await (await fetch(finished.links.job!)).json()) as Job;
  expect(linked.state).toBe('succeeded');
  const image = finished.links.artifacts!.find(({ artifact }) => artifact === 'image')!;
  expect((await fetch(image.href)).headers.get('content-type')).toBe(image.mediaType);
});

test('a delivery that the receiver ends is dead, and is sent again by a request', { timeout: 90_000 }, async () => {
  const { secret, path } = await webhookSecrets();
  let answer = 410;
  const receiver = await startReceiver(secret, () => answer);
  const { client } = await installationWith(path);
  const { id } = await client.submit(anImage('a yard', { webhook: { url: receiver.url } }));
  const dead = await until(async () => (await Array.fromAsync(client.deadWebhooks()))[0], {
    what: 'the dead delivery',
    timeoutMs: 30_000,
  });
  expect(dead).toMatchObject({ id: `${id}-finished-1`, state: 'dead', attempts: 1, event: 'job.finished' });
  expect(dead.lastError).toMatchObject({ reason: 'Gone', status: 410 });
  expect((await client.explain(id)).webhook).toMatchObject({ pending: 0, dead: 1 });
  answer = 204;
  expect(await client.resendWebhook(dead.id)).toMatchObject({ id: dead.id, state: 'pending' });
  await until(() => receiver.received.length === 2, { what: 'the second attempt', timeoutMs: 30_000 });
  expect(new Set(receiver.received.map((one) => one.id))).toEqual(new Set([dead.id]));
  await until(async () => (await client.explain(id)).webhook?.pending === 0, { what: 'the delivery' });
  expect(await Array.fromAsync(client.deadWebhooks())).toEqual([]);
  await expect(client.resendWebhook(dead.id)).rejects.toMatchObject({ code: 'DeliveryNotDead' });
  await expect(client.resendWebhook(`${id}-finished-9`)).rejects.toMatchObject({ code: 'DeliveryNotFound' });
});

test(
  'a second secret signs too, without a restart; a file with mistakes changes nothing',
  { timeout: 90_000 },
  async () => {
    const { secret, path } = await webhookSecrets();
    const receiver = await startReceiver(secret);
    const { client } = await installationWith(path);
    const next = newSecret(randomBytes(32));
    await writeSecrets(path, ['default'], [secret, next]);
    const signaturesOf = async (prompt: string): Promise<number> => {
      const { id } = await client.submit(anImage(prompt, { webhook: { url: receiver.url } }));
      const found = await until(() => receiver.received.find((one) => one.id.startsWith(id)), {
        what: 'the webhook',
        timeoutMs: 30_000,
      });
      return found.headers['webhook-signature']!.split(' ').length;
    };
    await until(async () => (await signaturesOf('a yard')) === 2, { what: 'the second signature', timeoutMs: 60_000 });
    const { body, headers } = receiver.received.at(-1)!;
    expect(new Webhook(next).verify(body, headers)).toMatchObject({ type: 'job.finished' });
    await writeSecrets(path, ['default'], ['whsec_short']);
    await until(async () => (await client.doctor()).checks.some(({ name, ok }) => name === 'webhooks' && !ok), {
      what: 'the doctor to report the file',
      timeoutMs: 30_000,
    });
    expect(await signaturesOf('another yard')).toBe(2);
    await expect(
      client.submit(anImage('a yard', { webhook: { url: 'http://hooks.example/x' } })),
    ).rejects.toMatchObject({
      code: 'WebhookUrlRefused',
    });
  },
);
