// Whole installations of real processes: what a user sees when all goes well, and when a worker, a provider or NATS dies.

import { describe, expect, it } from 'vitest';
import { anImage, startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

const states = (history: readonly { state: string }[]): string[] => history.map(({ state }) => state);

describe('an installation of api, two workers and a controller', () => {
  it('makes 20 pictures with references, all of them with image, thumbnail and metadata', async () => {
    const { client, standin, start } = await startInstallation({ env: { GENWARDEN_CONCURRENCY: '5' } });
    await start('worker');
    const { artifact } = await client.uploadReference(await photograph(), 'image/jpeg');
    const tasks = Array.from({ length: 20 }, (_, index) => ({
      name: `yard-${index}`,
      input: { prompt: `yard ${index}` },
    }));
    const job = await client.submit({ kind: 'image', input: { references: [{ artifact }] }, tasks });
    const done = await client.wait(job.id);
    expect(done.state).toBe('succeeded');
    expect(standin.maxInFlight()).toBeLessThanOrEqual(10);
    for (const task of done.tasks!) {
      const named = Object.fromEntries(task.artifacts.map((one) => [one.name, one]));
      expect(Object.keys(named).sort()).toEqual(['image', 'metadata', 'thumbnail']);
      expect(named['image']).toMatchObject({ width: 1024, height: 1024, mediaType: 'image/png' });
      expect(named['thumbnail']).toMatchObject({ width: 400, height: 400 });
    }
    const workers = new Set(done.tasks!.map(({ worker }) => worker));
    expect(workers.size).toBe(2);
  });

  it('runs a task elsewhere after its worker was killed, and its history says so', async () => {
    const { client, standin, start } = await startInstallation({ processes: ['controller', 'api'], env: quickBeats });
    standin.script([{ kind: 'hang' }]);
    const victim = await start('worker');
    const job = await client.submit(anImage('a yard'));
    await standin.waitFor((requests) => requests.length === 1, 20_000);
    await start('worker');
    victim.kill('SIGKILL');
    const done = await client.wait(job.id);
    expect(done.state).toBe('succeeded');
    const items = await client.history(job.id);
    expect(states(items)).toEqual(['queued', 'running', 'queued', 'running', 'succeeded']);
    expect(items[2]).toMatchObject({ reason: 'WorkerLost', attemptsLost: 1 });
    expect(items[3]!.worker).not.toBe(items[1]!.worker);
  });

  it('fails a job whose provider hangs, by its dueAt, with the reason', async () => {
    const { client } = await startInstallation();
    const job = await client.submit(anImage('[standin: hang]', { policy: { attemptTimeout: '1s', maxAttempts: 2 } }));
    const done = await client.wait(job.id);
    expect(done).toMatchObject({ state: 'failed', tasks: [{ reason: 'AttemptTimeout', attempt: 2 }] });
    const items = await client.history(job.id);
    const last = items.filter(({ state }) => state === 'running').at(-1)!;
    expect(Date.parse(done.finishedAt!)).toBeLessThanOrEqual(Date.parse(last.dueAt!));
  });

  it('fails a job that no worker takes, with QueueTimeout', async () => {
    const { client, start } = await startInstallation();
    const worker = await start('worker', { GENWARDEN_POOL: 'idle' });
    await worker.stop();
    const job = await client.submit({ ...anImage('a yard'), pool: 'idle', policy: { queueTimeout: '1s' } });
    const done = await client.wait(job.id);
    expect(done).toMatchObject({ state: 'failed', tasks: [{ reason: 'QueueTimeout' }] });
    expect(Date.parse(done.finishedAt!) - Date.parse(job.tasks![0]!.dueAt!)).toBeLessThan(2_000);
  });

  it('cancels a running task at once and ends the call to the provider', async () => {
    const { client, standin } = await startInstallation();
    const job = await client.submit(anImage('[standin: hang]'));
    await standin.waitFor((requests) => requests.length === 1, 20_000);
    expect(await client.cancel(job.id)).toMatchObject({ state: 'cancelled' });
    await standin.waitFor((requests) => requests[0]!.outcome === 'aborted', 5_000);
    expect((await client.get(job.id)).state).toBe('cancelled');
  });

  it('hands running tasks back when a worker is stopped', async () => {
    const { client, standin, start } = await startInstallation({ processes: ['controller', 'api'] });
    standin.script([{ kind: 'hang' }]);
    const leaving = await start('worker', { GENWARDEN_DRAIN_TIMEOUT: '200ms' });
    const job = await client.submit(anImage('a yard'));
    await standin.waitFor((requests) => requests.length === 1, 20_000);
    leaving.kill('SIGTERM');
    expect((await leaving.exited).code).toBe(0);
    await start('worker');
    const done = await client.wait(job.id);
    expect(done).toMatchObject({ state: 'succeeded', tasks: [{ attempt: 1 }] });
    expect(states(await client.history(job.id))).toEqual(['queued', 'running', 'queued', 'running', 'succeeded']);
  });
});

describe('NATS away', () => {
  it('loses nothing and doubles nothing when nats-server is killed in the middle of 60 tasks', async () => {
    const { client, standin, nats } = await startInstallation({
      standinLatencyMs: 100,
      env: { GENWARDEN_CONCURRENCY: '10' },
    });
    standin.behave({ kind: 'image', bytes: 'small', latencyMs: 100 });
    const jobs = await Promise.all(
      [0, 1, 2].map((job) =>
        client.submit({
          kind: 'image',
          tasks: Array.from({ length: 20 }, (_, at) => ({ input: { prompt: `${job} ${at}` } })),
        }),
      ),
    );
    await standin.waitFor((requests) => requests.length >= 15, 20_000);
    nats.kill('SIGKILL');
    await nats.exited;
    await nats.restart();
    for (const { id } of jobs) {
      const done = await client.wait(id);
      expect(done.progress).toMatchObject({ total: 20, succeeded: 20 });
      const items = await client.history(id);
      expect(items.filter(({ state }) => state === 'succeeded')).toHaveLength(20);
    }
  });

  it('answers 503 with a problem while NATS is away, and recovers automatically', async () => {
    const { client, nats, url } = await startInstallation();
    nats.kill('SIGKILL');
    await nats.exited;
    const ready = async (): Promise<number> => (await fetch(`${url}/readyz`)).status;
    await until(async () => (await ready()) === 503, { what: 'readyz to say no' });
    const body = JSON.stringify(anImage('a yard'));
    const refused = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'Unavailable' });
    await nats.restart();
    await until(async () => (await ready()) === 200, { what: 'readyz to say yes', timeoutMs: 30_000 });
    const done = await client.wait((await client.submit(anImage('another yard'))).id);
    expect(done.state).toBe('succeeded');
  });
});

const quickBeats = { GENWARDEN_HEARTBEAT_TIMEOUT: '1500ms' };

async function photograph(): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return readFile(new URL('../../../examples/front-yard.jpg', import.meta.url));
}
