// Webhooks of real processes: signed, in order, with links that lead back, and sent again when they were given up.
import { expect, test } from 'vitest';
import type { Job } from '../../../src/client/index.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';
import { startReceiver, webhookSecrets } from '../../support/webhookReceiver.ts';

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
