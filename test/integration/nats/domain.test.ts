// A JetStream domain on real servers: a hub holds the streams, and the processes connect to a leaf node that has a JetStream of
// its own, each as the user with the permissions of the chart's file, changed as the file says.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NodeConnectionOptions } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { fetchPermissions } from '../../../src/adapters/nats/link/permissions.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { startNatsServer, type NatsServer } from '../../support/natsServer.ts';
import { loginOf, startPermittedNats } from '../../support/permittedNats.ts';

test('processes at a leaf node use the streams of the hub', { timeout: 90_000 }, async () => {
  const { hub, leaf } = await hubAndLeaf();
  const client = await startAtLeaf(leaf);
  const { id } = await client.submit(anImage('a fern', { concurrencyKey: 'one' }));
  expect(await client.wait(id)).toMatchObject({ state: 'succeeded' });
  const image = await client.downloadArtifact(id, 0, 'image');
  expect(image.bytes.byteLength).toBeGreaterThan(100);
  // The key of links is written by another way than the values of other buckets.
  expect(await client.links(id, { expiresIn: '1h' })).toMatchObject({ job: expect.stringContaining(id) as string });
  await client.delete(id);
  expect(await streamsOf({ servers: hub.url })).toContain('genwarden_tasks');
  expect(await streamsOf({ servers: leaf.url, user: 'root', pass: 'password-of-root' })).toEqual([]);
  expect(leaf.log).not.toMatch(/Violation/);
  await ownPermissionsOnly(hub);
});

async function hubAndLeaf(): Promise<{ hub: NatsServer; leaf: NatsServer }> {
  const port = await freePort();
  const hub = await startNatsServer({ domain: 'hub', config: `leafnodes { listen: "127.0.0.1:${port}" }` });
  onTestFinished(() => hub.stop());
  const leaf = await startPermittedNats({
    prefix: 'genwarden',
    edit: (text) => text.replaceAll('"$JS.API.', '"$JS.hub.API.').replaceAll('"$KV.', '"$JS.hub.API.$KV.'),
    leaf: { domain: 'leaf', hub: `nats://127.0.0.1:${port}` },
  });
  return { hub, leaf };
}

async function startAtLeaf(leaf: NatsServer): Promise<GenwardenClient> {
  const env = { GENWARDEN_NATS_JETSTREAM_DOMAIN: 'hub' };
  const { start } = await startInstallation({ nats: leaf, env, processes: [] });
  const [api] = await Promise.all((['api', 'worker', 'controller'] as const).map((name) => start(name, loginOf(name))));
  return new GenwardenClient({ url: /API on (http:[^\s"]+)/.exec(api!.lines.join('\n'))![1]! });
}

/** The leaf node answers too, about its connection to the hub, which may not use this API. */
async function ownPermissionsOnly({ url }: NatsServer): Promise<void> {
  const connection = await connect({ servers: url });
  const asked = await Promise.all(Array.from({ length: 50 }, () => fetchPermissions(connection)));
  expect(asked.every(({ mayPublish }) => mayPublish('$JS.API.STREAM.CREATE.any'))).toBe(true);
  await connection.close();
}

/** In the domain of the server itself. */
async function streamsOf(options: NodeConnectionOptions): Promise<string[]> {
  const connection = await connect(options);
  try {
    const names: string[] = [];
    for await (const name of (await jetstreamManager(connection)).streams.names()) names.push(name);
    return names;
  } finally {
    await connection.close();
  }
}
