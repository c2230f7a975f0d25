// The fast path with rare heartbeats: it also notices a worker that dies between its reconnect and its next heartbeat.

import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { audit, story } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';
import { startWorld } from '../support/world.ts';

it('a worker dies right after its reconnect', async () => {
  const world = await startWorld({
    env: { GENWARDEN_HEARTBEAT_TIMEOUT: '60s' },
    natsOptions: { systemAccount: true },
    processes: ['controller', 'api'],
  });
  const proxy = await startTcpProxy(world.nats.port);
  const worker = await world.start('worker', { GENWARDEN_NATS_URL: proxy.url });
  world.standin.script([{ kind: 'hang', times: 2 }]);
  const jobs = await submitMany(world, { tasks: 2 });
  await world.standin.waitFor((requests) => requests.length === 2, 20_000);
  // Its first heartbeat is too old to be repeated, and the next one is not due for a while.
  await pause(12_000);
  proxy.cut();
  await worker.waitForLine(/NATS connection reconnected/);
  // The heartbeat of the reconnect is sent before the worker dies.
  await pause(500);
  worker.kill('SIGKILL');
  const killedAt = Date.now();
  await world.start('worker');
  const [audited] = await audit(world, { fault: 'SIGKILL after a reconnect', jobs });
  for (const entries of audited!.tasks) {
    expect(story(entries)).toBe('queued:Submitted running queued:WorkerLost running succeeded');
    expect(entries[2]!.at - killedAt).toBeLessThan(20_000);
  }
});
