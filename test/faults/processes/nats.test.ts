// NATS dies, its disk is full, or the network to it drops all packets.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { audit, callsFor, story } from '../support/audit.ts';
import { aJob, submitMany } from '../support/load.ts';
import { fillServer } from '../support/fillServer.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';

const quickBeats = { GENWARDEN_HEARTBEAT_TIMEOUT: '1500ms' };

describe('NATS', () => {
  it('is killed and restarted while 60 tasks run', async () => {
    const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 300 } });
    const jobs = await submitMany(world, { jobs: 3, tasks: 20 });
    await world.standin.waitFor((requests) => requests.length >= 12, 20_000);
    world.nats.kill('SIGKILL');
    await world.nats.exited;
    await world.nats.restart();
    await audit(world, { fault: 'NATS SIGKILL and restart', jobs });
  });

  it('has a full stream: submits are refused with StorageFull, running tasks still end', async () => {
    const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 10 } });
    // Finished jobs fill the stream, so that a few more tasks are a small part of it, as in production.
    const jobs = await submitMany(world, { tasks: 40 });
    await world.client.wait(jobs[0]!);
    jobs.push(...(await submitMany(world, { tasks: 5, prompt: '[standin: image small after 3s]' })));
    await world.standin.waitFor((requests) => requests.length === 45, 20_000);
    const streams = await managerOf(world);
    const { config, state } = await streams.info('genwarden_tasks');
    await streams.update('genwarden_tasks', { ...config, max_bytes: Math.round(state.bytes / 0.86) });
    const refused = await until(() => refusal(world), { what: 'a submit to be refused', intervalMs: 200 });
    expect(refused).toMatchObject({ status: 507, code: 'StorageFull' });
    await audit(world, { fault: 'stream full', jobs });
    await streams.update('genwarden_tasks', { ...config, max_bytes: -1 });
    await until(async () => (await refusal(world)) === undefined, { what: 'a submit to be taken', intervalMs: 200 });
  });

  it('has a stream filled by a backlog: there is room to process all of it', async () => {
    const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 5 } });
    world.first.worker.kill('SIGTERM');
    await world.first.worker.exited;
    const streams = await managerOf(world);
    const { config } = await streams.info('genwarden_tasks');
    await streams.update('genwarden_tasks', { ...config, max_bytes: 400_000 });
    const jobs: string[] = [];
    const filling = async (): Promise<unknown> => {
      for (;;) jobs.push(...(await submitMany(world, { tasks: 5 })));
    };
    await expect(filling()).rejects.toMatchObject({ code: 'StorageFull' });
    await world.start('worker');
    await audit(world, { fault: 'stream full of a backlog', jobs, withinMs: 30_000 });
  });

  it('has a full disk while results arrive: workers keep them until there is room, and each is paid for once', async () => {
    const world = await startWorld({
      natsOptions: { maxFileStore: 64 * 1024 * 1024 },
      behaviour: { kind: 'image', bytes: 'small', latencyMs: 2_500 },
    });
    const jobs = await submitMany(world, { tasks: 5 });
    await world.standin.waitFor((requests) => requests.length === 5, 20_000);
    const empty = await fillServer(world.nats);
    const refused = await until(() => refusal(world), { what: 'a submit to be refused', intervalMs: 200 });
    expect(refused).toMatchObject({ code: 'StorageFull' });
    await until(() => world.standin.requests.every(({ outcome }) => outcome === 'answered'), { what: 'all answers' });
    // Longer than a worker with a limited number of tries would have tried.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await empty();
    await audit(world, { fault: 'disk full', jobs });
  });
});

describe('a half-open network to NATS', () => {
  it('of a worker: its task is requeued, and its late result adopted', async () => {
    const world = await startWorld({ env: quickBeats, processes: ['controller', 'api'] });
    const proxy = await startTcpProxy(world.nats.port);
    await world.start('worker', { GENWARDEN_NATS_URL: proxy.url });
    const jobs = await submitMany(world, { prompt: 'unheard [standin: image small after 2s]' });
    await world.standin.waitFor((requests) => requests.length === 1, 20_000);
    proxy.swallow();
    await until(async () => (await world.client.get(jobs[0]!)).state === 'queued', { what: 'the task to be requeued' });
    proxy.heal();
    const [audited] = await audit(world, { fault: 'half-open network, worker', jobs });
    expect(story(audited!.tasks[0]!)).toBe('queued:Submitted running queued:WorkerLost succeeded');
    expect(callsFor(world, 'unheard')).toHaveLength(1);
  });

  it('of the controller: it considers no worker lost', async () => {
    const world = await startWorld({ processes: ['worker', 'api'] });
    const proxy = await startTcpProxy(world.nats.port);
    const controller = await world.start('controller', { GENWARDEN_NATS_URL: proxy.url });
    await controller.waitForLine(/"Became leader"/);
    const jobs = await submitMany(world, { tasks: 5, prompt: 'long [standin: image small after 12s]' });
    await world.standin.waitFor((requests) => requests.length === 5, 20_000);
    proxy.swallow();
    proxy.heal();
    await controller.waitForLine(/Outage/, 30_000);
    const audited = await audit(world, { fault: 'half-open network, controller', jobs });
    expect(audited[0]!.tasks.map(story)).toEqual(Array(5).fill('queued:Submitted running succeeded'));
  });
});

async function managerOf({ nats }: FaultWorld) {
  const connection = await connect({ servers: nats.url });
  onTestFinished(() => connection.close());
  return (await jetstreamManager(connection)).streams;
}

/** The code with which the API refuses a submit. One try each. */
async function refusal({ url }: FaultWorld): Promise<{ status: number; code: string } | undefined> {
  const answer = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(aJob({ prompt: '[standin: image small]' })),
  });
  const { code } = (await answer.json()) as { code: string };
  return answer.ok ? undefined : { status: answer.status, code };
}
