// The fast path: the system account reports a closed connection. The heartbeat timeout is one minute here, so that nothing
// else can explain a recovery within seconds.

import { connect } from '@nats-io/transport-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { audit, story } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts';
import { nameOf, startWorld, type FaultWorld } from '../support/world.ts';

const slowBeats = { GENWARDEN_HEARTBEAT_TIMEOUT: '60s' };

describe('the system account', () => {
  it('reports a killed worker: its tasks run elsewhere long before the heartbeat timeout', async () => {
    const world = await startWorld({ env: slowBeats, natsOptions: { systemAccount: true } });
    world.standin.script([{ kind: 'hang', times: 3 }]);
    const jobs = await submitMany(world, { tasks: 3 });
    await world.standin.waitFor((requests) => requests.length === 3, 20_000);
    await world.start('worker');
    world.first.worker.kill('SIGKILL');
    const killedAt = Date.now();
    const [audited] = await audit(world, { fault: 'SIGKILL worker, fast path', jobs });
    for (const entries of audited!.tasks) {
      expect(story(entries)).toBe('queued:Submitted running queued:WorkerLost running succeeded');
      expect(entries[2]!.at - killedAt).toBeLessThan(20_000);
    }
  });

  it('also reports kicks, cut connections and forged names, and none of them requeues a task', async () => {
    const world = await startWorld({
      env: slowBeats,
      natsOptions: { systemAccount: true },
      processes: ['controller', 'api'],
    });
    const proxy = await startTcpProxy(world.nats.port);
    const worker = await world.start('worker', { GENWARDEN_NATS_URL: proxy.url });
    const jobs = await submitMany(world, { tasks: 5, prompt: '[standin: image small after 8s]' });
    await world.standin.waitFor((requests) => requests.length === 5, 20_000);
    const events = await systemEvents(world);
    await kick(world, nameOf(worker), events);
    await cut(proxy, nameOf(worker), events);
    await lie(world, nameOf(worker), events);
    // Even the last of them had longer than the hold of one second to take effect.
    const audited = await audit(world, { fault: 'kick, reconnect, forged name', jobs });
    // A client that leaves shows as one or the other.
    const left: unknown = expect.stringMatching(/^(Client Closed|Read Error)$/);
    expect(events.closed.map(({ reason }) => reason)).toEqual(['Kicked', expect.any(String), left]);
    expect(audited[0]!.tasks.map(story)).toEqual(Array(5).fill('queued:Submitted running succeeded'));
  });
});

interface SystemEvents {
  /** Connections of workers that carry their heartbeats; those for artifacts are cut beside them. */
  readonly closed: { name: string; reason: string }[];
  readonly opened: string[];
  request(subject: string, body: object): Promise<unknown>;
}

async function systemEvents({ nats }: FaultWorld): Promise<SystemEvents> {
  const { user, password: pass } = nats.systemUser!;
  const connection = await connect({ servers: nats.url, user, pass });
  onTestFinished(() => connection.close());
  const closed: { name: string; reason: string }[] = [];
  const opened: string[] = [];
  connection.subscribe('$SYS.ACCOUNT.APP.CONNECT', {
    callback: (_error, message) => {
      const { name } = message.json<{ client: { name?: string } }>().client;
      if (isOfHeartbeats(name)) opened.push(name);
    },
  });
  connection.subscribe('$SYS.ACCOUNT.APP.DISCONNECT', {
    callback: (_error, message) => {
      const { client, reason } = message.json<{ client: { name?: string }; reason: string }>();
      if (isOfHeartbeats(client.name)) closed.push({ name: client.name, reason });
    },
  });
  await connection.flush();
  const request = async (subject: string, body: object): Promise<unknown> =>
    (await connection.request(subject, JSON.stringify(body), { timeout: 5_000 })).json();
  return { closed, opened, request };
}

const isOfHeartbeats = (name: string | undefined): name is string =>
  name?.startsWith('worker') === true && !name.endsWith('-artifacts');

/** As an administrator would: the client reconnects. */
async function kick({ nats }: FaultWorld, name: string, events: SystemEvents): Promise<void> {
  interface Connz {
    server: { id: string };
    data: { connections: { cid: number; name?: string }[] };
  }
  const { server, data } = (await events.request('$SYS.REQ.SERVER.PING.CONNZ', {})) as Connz;
  const { cid } = data.connections.find((one) => one.name === name)!;
  await events.request(`$SYS.REQ.SERVER.${server.id}.KICK`, { cid });
  await until(() => events.closed.length === 1, { what: `the kick of ${name} at ${nats.url}` });
}

/** The network cuts the connection, and the client reconnects. */
async function cut(proxy: TcpProxy, name: string, events: SystemEvents): Promise<void> {
  await until(() => events.opened.length === 1, { what: 'the worker to be back after the kick' });
  proxy.cut();
  await until(() => events.closed.length === 2, { what: `the cut of ${name}` });
  await until(() => events.opened.length === 2, { what: 'the worker to be back after the cut' });
}

/** Another client connects with the worker's name and disconnects. */
async function lie({ nats }: FaultWorld, name: string, events: SystemEvents): Promise<void> {
  const liar = await connect({ servers: nats.url, name });
  await liar.close();
  await until(() => events.closed.length === 3, { what: `the end of the false ${name}` });
}
