// Webhooks through kills of the API and of NATS, to a receiver that fails half of its requests; and receivers that hang, beside
// one that works.

import { expect, test } from 'vitest';
import { GenwardenClient, type SubmitRequest } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';
import { startReceiver, webhookSecrets, type TestReceiver } from '../../support/webhookReceiver.ts';
import { addEdgeRow } from './edgeRows.ts';

const all = ['task.succeeded', 'job.finished'] as const;
const again = { status: 503, headers: { 'retry-after': '0' } };

const aJob = (prompt: string, url: string): SubmitRequest =>
  anImage(prompt, { tasks: [{ name: 'a' }, { name: 'b' }], webhook: { url, events: [...all] } });

/** The id of each event of the jobs, in the order in which their receiver has to see them. */
const expectedOf = (jobs: readonly string[]): string[] =>
  jobs.flatMap((job) => [`${job}-0-1-succeeded`, `${job}-1-1-succeeded`, `${job}-finished-2`]).toSorted();

const deliveredTo = ({ received }: TestReceiver): string[] =>
  received.filter(({ status }) => status === 204).map(({ id }) => id);

test('each event arrives although the API and NATS are killed and the receiver fails half of its requests', async () => {
  const { secret, path } = await webhookSecrets();
  let requests = 0;
  const receiver = await startReceiver(secret, () => ((requests += 1) % 2 === 0 ? 204 : again));
  const port = String(await freePort());
  const env = {
    GENWARDEN_HTTP_PORT: port,
    GENWARDEN_WEBHOOK_SECRETS_FILE: path,
    GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8',
  };
  const { nats, start } = await startInstallation({ processes: ['controller', 'worker'], env });
  const api = await start('api');
  const client = new GenwardenClient({ url: `http://127.0.0.1:${port}`, giveUpAfterMs: 60_000 });
  const submit = async (from: number, count: number): Promise<string[]> => {
    const names = Array.from({ length: count }, (_, at) => `yard ${from + at}`);
    return Promise.all(names.map(async (name) => (await client.submit(aJob(name, receiver.url))).id));
  };
  const jobs = await submit(0, 6);
  await until(() => deliveredTo(receiver).length > 0, { what: 'the first delivery', timeoutMs: 30_000 });
  api.kill('SIGKILL');
  await api.exited;
  await start('api');
  jobs.push(...(await submit(6, 6)));
  await until(() => deliveredTo(receiver).some((id) => id.startsWith(jobs[6]!)), {
    what: 'a delivery after the kill',
    timeoutMs: 60_000,
  });
  nats.kill('SIGKILL');
  await nats.exited;
  await nats.restart();
  const restartedAt = performance.now();
  jobs.push(...(await submit(12, 6)));
  const expected = expectedOf(jobs);
  const missing = (): string[] => {
    const delivered = new Set(deliveredTo(receiver));
    return expected.filter((id) => !delivered.has(id));
  };
  await until(() => missing().length === 0, { what: 'every event', timeoutMs: 120_000 }).catch(() => undefined);
  const recoveredAfterMs = Math.round(performance.now() - restartedAt);

  const delivered = deliveredTo(receiver);
  const outOfOrder = jobs.filter((job) => {
    const own = delivered.filter((id) => id.startsWith(job));
    return own.findIndex((id) => id.includes('finished')) < 2;
  });
  const states = await Promise.all(jobs.map(async (job) => (await client.get(job)).state));
  addEdgeRow({
    fault: `API and NATS killed beside a webhook receiver that fails half: ${expected.length} events, ${receiver.received.length} requests, ${delivered.length - expected.length + missing().length} delivered again`,
    jobs: jobs.length,
    terminal: states.filter((state) => state === 'succeeded').length,
    lost: missing().length,
    overdueMs: undefined,
    innocentsHarmed: outOfOrder.length,
    recoveredAfterMs,
  });
  expect({ missing: missing(), outOfOrder, unverified: receiver.unverified }).toEqual({
    missing: [],
    outOfOrder: [],
    unverified: [],
  });
  expect(new Set(delivered)).toEqual(new Set(expected));
  expect(receiver.received.some(({ status }) => status === 503)).toBe(true);
}, 240_000);

test('receivers that hang do not delay another tenant', async () => {
  const { secret, path } = await webhookSecrets('default', 'quiet');
  const hanging = await startReceiver(secret, () => 'hang');
  const working = await startReceiver(secret);
  const env = { GENWARDEN_WEBHOOK_SECRETS_FILE: path, GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8' };
  const { client, url } = await startInstallation({ env });
  const noisy = Array.from({ length: 12 }, (_, at) => client.submit(aJob(`noisy ${at}`, hanging.url)));
  await Promise.all(noisy);
  // Requests hang, as many at a time as the host may have.
  await until(() => hanging.received.length >= 4, { what: 'hanging requests', timeoutMs: 60_000 });
  const asQuiet: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('genwarden-namespace', 'quiet');
    return fetch(input, { ...init, headers });
  };
  const quiet = new GenwardenClient({ url, fetch: asQuiet });
  const { id } = await quiet.submit(aJob('quiet', working.url));
  await until(() => deliveredTo(working).length === 3, { what: 'the events of the other tenant', timeoutMs: 60_000 });
  const status = await (await fetch(`${url}/v1/jobs/${(await noisy[0]!).id}/explain`)).json();
  addEdgeRow({
    fault: `webhook receivers that hang: ${hanging.mostAtOnce()} requests at a time, beside another tenant`,
    jobs: noisy.length + 1,
    terminal: noisy.length + 1,
    lost: expectedOf([id]).filter((each) => !deliveredTo(working).includes(each)).length,
    overdueMs: undefined,
    innocentsHarmed: deliveredTo(working).length === 3 ? 0 : 1,
    recoveredAfterMs: undefined,
  });
  expect(hanging.mostAtOnce()).toBe(4);
  expect(status).toMatchObject({ webhook: { dead: 0, pending: expect.any(Number) as number } });
}, 180_000);
