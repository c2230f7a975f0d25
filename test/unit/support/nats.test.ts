// The test servers are what they say: real, alone, restartable, and gone with their owner.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { startNatsCluster } from '../../support/natsCluster.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { findNatsServer } from '../../../src/processes/dev/natsBinary.ts';
import { startProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

describe('findNatsServer', () => {
  test('takes the one on PATH, then the newest of the cache, but nothing that is too old', async () => {
    await using cache = await tempFolder();
    const place = async (folder: string, version: string): Promise<string> => {
      const path = join(cache.path, folder, 'nats-server');
      await mkdir(join(cache.path, folder));
      await writeFile(path, `#!/bin/sh\necho nats-server: v${version}\n`, { mode: 0o755 });
      return path;
    };
    const env = { PATH: join(cache.path, 'bin') };
    await place('nats-server-2.9.25', '2.9.25');
    const installed = await place('nats-server-2.15.2', '2.15.2');
    expect(findNatsServer(env, cache.path)).toBe(installed);
    await place('old', '2.9.25');
    expect(findNatsServer({ PATH: join(cache.path, 'old') }, cache.path)).toBe(installed);
    const onPath = await place('bin', '2.14.0');
    expect(findNatsServer(env, cache.path)).toBe(onPath);
    expect(findNatsServer({ PATH: '' }, '/nowhere')).toBeUndefined();
  });
});

describe('startNatsServer', () => {
  test('keeps what was stored over SIGKILL and restart, on the same port', async () => {
    await using server = await startNatsServer();
    await publish(server.url, 'kept');
    const first = server.pid;
    server.kill('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await server.restart();
    expect(server.pid).not.toBe(first);
    expect(await storedMessages(server.url)).toBe(1);
  });

  test('shows the end of a client to a user of the system account', async () => {
    await using server = await startNatsServer({ systemAccount: true });
    const { user, password } = server.systemUser!;
    const system = await connect({ servers: server.url, user, pass: password });
    const events = system.subscribe('$SYS.ACCOUNT.APP.DISCONNECT', { max: 1 });
    await system.flush();
    await publish(server.url, 'anyone is in APP');
    const { value } = await events[Symbol.asyncIterator]().next();
    expect(value?.json()).toMatchObject({ reason: 'Client Closed' });
    await system.close();
  });

  test('removes its folder at the end, and refuses storage over the limit', async () => {
    const server = await startNatsServer({ maxFileStore: 1_000_000 });
    await expect(publish(server.url, 'x', 2_000_000)).rejects.toThrow(/storage/);
    await server.stop();
    expect(existsSync(server.storeDir)).toBe(false);
  });

  test('says why when it does not start', async () => {
    await expect(startNatsServer({ config: 'no_such_setting: 1' })).rejects.toThrow('no_such_setting');
  });

  test('dies with the process that started it, even when that was killed', async () => {
    const script = `import { startNatsServer } from '${join(import.meta.dirname, '../../support/natsServer.ts')}';
      const server = await startNatsServer(); console.log('pid ' + server.pid + ' ' + server.storeDir); setInterval(() => {}, 1000);`;
    await using owner = await startProcess(process.execPath, ['--input-type=module', '-e', script]);
    const [, pid, storeDir] = (await owner.waitForLine(/^pid \d+/)).split(' ') as [string, string, string];
    expect([isAlive(Number(pid)), existsSync(storeDir)]).toEqual([true, true]);
    owner.kill('SIGKILL');
    await until(() => !isAlive(Number(pid)) && !existsSync(storeDir), { what: 'the end of the orphan and its folder' });
  });
});

test('startNatsCluster places streams on three servers, and again after one was away', async () => {
  await using cluster = await startNatsCluster(3);
  expect(new Set(cluster.urls).size).toBe(3);
  await publish(cluster.urls[0]!, 'on three', -1, 3);
  cluster.servers[0]!.kill('SIGKILL');
  await cluster.servers[0]!.exited;
  expect(await until(() => storedMessages(cluster.urls[1]!), { what: 'a leader', timeoutMs: 30_000 })).toBe(1);
  await cluster.servers[0]!.restart();
  await cluster.ready();
}, 60_000);

async function publish(url: string, text: string, maxBytes = -1, replicas = 1): Promise<void> {
  await withConnection(url, async (connection) => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'S', subjects: ['s'], max_bytes: maxBytes, num_replicas: replicas });
    await jetstream(connection).publish('s', text);
  });
}

function storedMessages(url: string): Promise<number> {
  return withConnection(url, async (connection) => {
    const info = await (await jetstreamManager(connection)).streams.info('S');
    return info.state.messages;
  });
}

async function withConnection<T>(url: string, use: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: url });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
