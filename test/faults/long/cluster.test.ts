// Three nats-servers: the stream's leader dies, or a server shuts down in good order, and no worker counts as lost.

import { spawnSync } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env, ProcessName } from '../../support/installation.ts';
import { startNatsCluster, type NatsCluster } from '../../support/natsCluster.ts';
import type { NatsServer } from '../../support/natsServer.ts';
import { findNatsServer } from '../../../src/processes/dev/natsBinary.ts';
import { until } from '../../support/until.ts';
import { audit, story } from '../support/audit.ts';
import { keepSubmitting, submitMany } from '../support/load.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';

const unharmed = /^queued:Submitted running succeeded$/;

describe('a cluster of three', () => {
  it('loses the leader of the stream, twice: no worker counts as lost, and no call is paid for twice', async () => {
    const { cluster, world } = await startClusterWorld();
    const load = keepSubmitting(world, { intervalMs: 300, tasks: 2, prompt: '[standin: image small after 4s]' });
    for (let round = 0; round < 2; round += 1) {
      await world.standin.waitFor(() => world.standin.inFlight() >= 5, 60_000);
      const leader = await streamLeader(cluster);
      leader.kill('SIGKILL');
      await leader.exited;
      await until(async () => (await streamLeader(cluster)) !== leader, { what: 'another leader', timeoutMs: 60_000 });
      await leader.restart();
    }
    const jobs = await load.stop();
    const audited = await audit(world, { fault: 'JetStream leader SIGKILL, of three', jobs, withinMs: 120_000 });
    for (const { tasks } of audited) for (const task of tasks) expect(story(task)).toMatch(unharmed);
  });

  it("shuts down a worker's server in lame-duck mode: the worker reconnects elsewhere, and nothing is requeued", async () => {
    // The heartbeat timeout is one minute, so only the fast path could requeue a task.
    const { cluster, world } = await startClusterWorld({ GENWARDEN_HEARTBEAT_TIMEOUT: '60s' }, ['controller', 'api']);
    const server = cluster.servers[1]!;
    // It learns about the others from that one.
    const worker = await world.start('worker', { GENWARDEN_NATS_URL: server.url });
    const jobs = await submitMany(world, { tasks: 5, prompt: '[standin: image small after 15s]' });
    await world.standin.waitFor(() => world.standin.inFlight() === 5, 30_000);
    spawnSync(findNatsServer()!, ['--signal', `ldm=${server.pid}`]);
    await worker.waitForLine(/NATS connection reconnected/, 30_000);
    await server.exited;
    await server.restart();
    const audited = await audit(world, { fault: 'lame-duck server', jobs, withinMs: 120_000 });
    for (const task of audited[0]!.tasks) expect(story(task)).toMatch(unharmed);
  });
});

async function startClusterWorld(
  env: Env = {},
  processes: readonly ProcessName[] = ['controller', 'worker', 'api'],
): Promise<{ cluster: NatsCluster; world: FaultWorld }> {
  const cluster = await startNatsCluster(3, { systemAccount: true, config: lameDuck });
  onTestFinished(() => cluster.stop());
  const world = await startWorld({
    nats: cluster.servers[0]!,
    processes,
    env: { GENWARDEN_NATS_URL: cluster.urls.join(','), GENWARDEN_NATS_REPLICAS: '3', ...env },
  });
  return { cluster, world };
}

const lameDuck = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"';

async function streamLeader(cluster: NatsCluster): Promise<NatsServer> {
  const connection = await connect({ servers: [...cluster.urls], timeout: 3_000 });
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 3_000 });
    const name = (await streams.info('genwarden_tasks')).cluster?.leader;
    return cluster.servers[Number(name?.slice(1)) - 1]!;
  } finally {
    await connection.close();
  }
}
