// A whole installation whose processes may do in NATS what the chart lets them, and no more: jobs live their lives, and
// NATS refuses nothing.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GenwardenClient, type JobEvent, type TextPiece } from '../../../src/client/index.ts';
import type { Standin } from '../../../src/standin/standin.ts';
import { anImage, startInstallation, type Env, type ProcessName } from '../../support/installation.ts';
import type { NatsServer } from '../../support/natsServer.ts';
import { loginOf, startPermittedNats } from '../../support/permittedNats.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import { startReceiver, webhookSecrets, type TestReceiver } from '../../support/webhookReceiver.ts';

/** ms, on a machine that does much else. */
const aLife = 180_000;

describe.each(['genwarden', 'other-1'])('an installation with the prefix %s', (prefix) => {
  it('survives crashes, restarts and drains, and NATS denies nothing', { timeout: aLife }, async () => {
    const { nats, standin, start, startApi, complaints, receiver } = await permitted(prefix);
    // Workers and the API wait for the controller, who makes what they need.
    const [starting, first] = [startApi(), start('worker')];
    const controller = await start('controller');
    const { api, client } = await starting;
    await submitsAndReads(client);
    await sendsWebhook(client, receiver);
    await changesItsMind(client, standin);
    await pauses(client);
    await losesWorker({ client, standin, victim: await first, next: () => start('worker') });
    api.kill('SIGKILL');
    await api.exited;
    // As Prometheus does: the next controller continues the counters.
    await scrape(controller);
    await controller.stop();
    await start('controller');
    const later = await startApi();
    await drainsAndGoesOn(later.client, standin, start);
    expect(complaints()).toEqual([]);
    nats.kill('SIGKILL');
    await nats.exited;
    await nats.restart();
    await goesOn(later.client);
    expect(complaints()).toEqual([]);
  });
});

it('an API that starts first reports what it waits for in its log and its readiness, and can be stopped', async () => {
  const { env } = await permitted('genwarden');
  const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
  const api = await startProcess(program, ['api'], {
    env: { ...env, ...loginOf('api') },
    readyWhen: /Waiting for the controller to create the stream KV_genwarden_pools/,
  });
  const metrics = /metrics on (http:\S+)\/metrics/.exec(api.lines.join('\n'))![1]!;
  const ready = await fetch(`${metrics}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('waiting for the controller to create the stream KV_genwarden_pools');
  api.kill('SIGTERM');
  expect(await api.exited).toEqual({ code: 0, signal: null });
});

it('a process reports a missing permission with a code and advice', async () => {
  const { nats, env } = await permitted('genwarden', (text) =>
    text.replace('"$JS.API.STREAM.MSG.GET.KV_%PREFIX%_leader", "$KV', '"$KV'),
  );
  const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
  const controller = await startProcess(program, ['controller'], { env: { ...env, ...loginOf('controller') } });
  const line = JSON.parse(await controller.waitForLine(/NatsPermissionDenied/)) as object;
  expect(line).toMatchObject({
    level: 'error',
    code: 'NatsPermissionDenied',
    operation: 'publish',
    subject: '$JS.API.STREAM.MSG.GET.KV_genwarden_leader',
    hint: expect.stringContaining('docs/security.md') as string,
  });
  // Its log comes by another way.
  await until(() => /Publish Violation/.test(nats.log), { what: 'the violation in the log of NATS' });
});

async function scrape({ lines }: TestProcess): Promise<void> {
  const url = /metrics on (http:[^"\s]+)/.exec(lines.join('\n'))![1]!;
  const response = await fetch(url, { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10' } });
  expect(await response.text()).toContain('genwarden_tasks_finished_total');
}

async function permitted(prefix: string, edit?: (text: string) => string) {
  const nats = await startPermittedNats({ prefix, ...(edit === undefined ? {} : { edit }) });
  // Beats so seldom that only the system account's events explain a quick recovery.
  const { secret, path } = await webhookSecrets();
  const receiver = await startReceiver(secret, (_, before) => (before === 0 ? 410 : 204));
  const webhooks = { GENWARDEN_WEBHOOK_SECRETS_FILE: path, GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8' };
  const env = { GENWARDEN_NATS_PREFIX: prefix, GENWARDEN_HEARTBEAT_TIMEOUT: '60s', ...webhooks };
  const installation = await startInstallation({ nats, processes: [], env });
  const all: TestProcess[] = [];
  const start = async (name: ProcessName, more: Env = {}): Promise<TestProcess> => {
    const started = await installation.start(name, { ...loginOf(name), ...more });
    all.push(started);
    return started;
  };
  const startApi = async (): Promise<{ api: TestProcess; client: GenwardenClient }> => {
    const api = await start('api');
    const url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
    return { api, client: new GenwardenClient({ url }) };
  };
  const bare = { ...env, GENWARDEN_NATS_URL: nats.url, GENWARDEN_HTTP_PORT: '0', GENWARDEN_METRICS_PORT: '0' };
  return {
    nats,
    env: bare,
    standin: installation.standin,
    start,
    startApi,
    complaints: () => refusals(nats, all),
    receiver,
  };
}

const refusals = (nats: NatsServer, processes: readonly TestProcess[]): string[] => [
  ...nats.log.split('\n').filter((line) => /violation/i.test(line)),
  ...processes.flatMap(({ lines }) => lines.filter((line) => /NatsPermission|permissions violation/i.test(line))),
];

async function submitsAndReads(client: GenwardenClient): Promise<void> {
  const events: JobEvent[] = [];
  const watching = new AbortController();
  const watched = gather(client.events(undefined, { signal: watching.signal }), events);
  const photograph = await readFile(new URL('../../../examples/front-yard.jpg', import.meta.url));
  const { artifact } = await client.uploadReference(photograph, 'image/jpeg');
  const tasks = [1, 2, 3].map((at) => ({ input: { prompt: `yard ${at}` } }));
  const batch = await client.submit({ kind: 'image', input: { references: [{ artifact }] }, tasks });
  expect((await client.wait(batch.id)).state).toBe('succeeded');
  const keyed = await client.submit({ ...anImage('a keyed yard'), concurrencyKey: 'yard', priority: 'high' });
  expect((await client.wait(keyed.id)).state).toBe('succeeded');
  const written = await client.submit({ kind: 'text', input: { prompt: 'a letter [standin: write 400 every 20ms]' } });
  const pieces: TextPiece[] = [];
  await gather(client.text(written.id), pieces);
  expect(pieces.length).toBeGreaterThan(1);
  expect((await client.downloadArtifact(keyed.id, 0, 'image')).bytes.length).toBeGreaterThan(1_000);
  const { artifacts } = await client.links(keyed.id);
  expect((await fetch(artifacts[0]!.href)).status).toBe(200);
  await until(() => events.some(({ event }) => event === 'task'), { what: 'an event', timeoutMs: 30_000 });
  watching.abort();
  await watched;
  await client.delete(batch.id);
  await expect(client.get(batch.id)).rejects.toMatchObject({ status: 404 });
}

async function sendsWebhook(client: GenwardenClient, { url, received }: TestReceiver): Promise<void> {
  await client.submit(anImage('a yard with a webhook', { webhook: { url } }));
  const what = { what: 'a dead delivery', timeoutMs: 30_000 };
  const dead = await until(async () => (await Array.fromAsync(client.deadWebhooks()))[0], what);
  await client.resendWebhook(dead.id);
  await until(() => received.some(({ status }) => status === 204), { what: 'the webhook', timeoutMs: 30_000 });
}

async function changesItsMind(client: GenwardenClient, standin: Standin): Promise<void> {
  standin.script([{ kind: 'hang' }]);
  const unwanted = await client.submit(anImage('a yard that nobody wants'));
  await runs(client, unwanted.id);
  await client.cancel(unwanted.id);
  await client.retry(unwanted.id);
  expect((await client.wait(unwanted.id)).state).toBe('succeeded');
  const { id } = await client.submit(anImage('a yard to look at', { policy: { review: 'always' } }));
  const waits = async (): Promise<boolean> => (await client.get(id)).state === 'needs_review';
  await until(waits, { what: 'a review', timeoutMs: 30_000 });
  await client.review(id, 0, { run: 1, decision: 'tweak', instruction: 'more trees' });
  await until(async () => (await waits()) && (await client.get(id)).tasks![0]!.run === 2, {
    what: 'a second look',
    timeoutMs: 30_000,
  });
  await client.review(id, 0, { run: 2, decision: 'approve' });
  expect((await client.wait(id)).state).toBe('succeeded');
}

async function pauses(client: GenwardenClient): Promise<void> {
  await client.pausePool('default');
  const held = await client.submit({ ...anImage('a yard that waits'), priority: 'low' });
  const late = await client.submit(anImage('a yard that waits in vain', { policy: { queueTimeout: '1s' } }));
  expect(await client.wait(late.id)).toMatchObject({ state: 'failed', tasks: [{ reason: 'QueueTimeout' }] });
  expect((await client.explain(held.id)).tasks).toHaveLength(1);
  await client.resumePool('default');
  expect((await client.wait(held.id)).state).toBe('succeeded');
  expect(await client.workers()).toHaveLength(1);
  expect((await client.pools())[0]).toMatchObject({ name: 'default' });
}

interface Loss {
  readonly client: GenwardenClient;
  readonly standin: Standin;
  readonly victim: TestProcess;
  readonly next: () => Promise<TestProcess>;
}

async function losesWorker({ client, standin, victim, next }: Loss): Promise<void> {
  standin.script([{ kind: 'hang' }]);
  const { id } = await client.submit(anImage('a yard whose worker dies'));
  await runs(client, id);
  await next();
  victim.kill('SIGKILL');
  expect((await client.wait(id)).state).toBe('succeeded');
  expect((await client.history(id)).map(({ reason }) => reason)).toContain('WorkerLost');
}

/** After the server came back. */
async function goesOn(client: GenwardenClient): Promise<void> {
  const submitted = async (): Promise<string> => (await client.submit(anImage('a yard after the storm'))).id;
  const id = await until(submitted, { what: 'a submit to be taken', timeoutMs: 20_000 });
  expect((await client.wait(id)).state).toBe('succeeded');
  const wrong = async (): Promise<unknown[]> =>
    (await client.doctor()).checks.filter(({ ok, name }) => !ok && name !== 'access');
  await until(async () => (await wrong()).length === 0, { what: 'the doctor to be content', timeoutMs: 30_000 });
}

type Start = (name: ProcessName, more?: Env) => Promise<TestProcess>;

/** The worker in hand is the only one; it hangs, another comes, and it is told to stop. */
async function drainsAndGoesOn(client: GenwardenClient, standin: Standin, start: Start): Promise<void> {
  const leaving = await start('worker', { GENWARDEN_POOL: 'second', GENWARDEN_DRAIN_TIMEOUT: '200ms' });
  standin.script([{ kind: 'hang' }]);
  const { id } = await client.submit({ ...anImage('a yard that changes hands'), pool: 'second' });
  await runs(client, id);
  leaving.kill('SIGTERM');
  expect((await leaving.exited).code).toBe(0);
  await start('worker', { GENWARDEN_POOL: 'second' });
  expect(await client.wait(id)).toMatchObject({ state: 'succeeded', tasks: [{ attempt: 1 }] });
}

const runs = (client: GenwardenClient, id: string): Promise<boolean> =>
  until(async () => (await client.get(id)).state === 'running', { what: 'the task to run', timeoutMs: 30_000 });

async function gather<T>(events: AsyncIterable<T>, into: T[]): Promise<void> {
  try {
    for await (const event of events) into.push(event);
  } catch {
    // Ended by the test.
  }
}
