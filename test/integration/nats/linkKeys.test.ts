// The keys that sign links on a real server: removed or broken records, lost servers, and permissions without the bucket.

import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { expect, test } from 'vitest';
import { natsLinkKeys, provisionNats } from '../../../src/adapters/nats/index.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { connectAs, startPermittedNats } from '../../support/permittedNats.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

test('a removed record makes its key invalid for every process within ten seconds', async () => {
  const { prefix, link } = await openNats();
  const clock = virtualClock();
  const [one, two] = [await link(), await link()];
  const [signer, checker] = [natsLinkKeys(one, clock), natsLinkKeys(two, clock)];
  const key = await signer.current();
  expect(await checker.find(key.id)).toEqual(key);
  // What docs/security.md says to do.
  await (await new Kvm(one.connection).open(`${prefix}_links`)).delete('signing');
  clock.skip(10_000);
  expect(await checker.find(key.id)).toBeUndefined();
  expect((await signer.current()).id).not.toBe(key.id);
});

test('a record that cannot be read is replaced', async () => {
  const { prefix, link } = await openNats();
  const clock = virtualClock();
  const one = await link();
  const key = await natsLinkKeys(one, clock).current();
  await jetstream(one.connection).publish(`$KV.${prefix}_links.signing`, '{"keys": [{"id": "a", "secret": "short"}]}');
  const later = natsLinkKeys(await link(), clock);
  expect(await later.find('a')).toBeUndefined();
  const next = await later.current();
  expect(next.id).not.toBe(key.id);
  expect(await natsLinkKeys(one, clock).current()).toEqual(next);
});

test('while NATS is away the copy serves for ten seconds, then the answer is Unavailable', async () => {
  const { server, link } = await openNats();
  const clock = virtualClock();
  const one = await link();
  const keys = natsLinkKeys(one, clock);
  const key = await keys.current();
  server.kill('SIGKILL');
  await until(() => !one.connected(), { what: 'the loss' });
  expect(await keys.find(key.id)).toEqual(key);
  clock.skip(10_000);
  await expect(keys.find(key.id)).rejects.toMatchObject({ code: 'Unavailable' });
  await server.restart();
  await one.whenConnected(AbortSignal.timeout(10_000));
  expect(await keys.find(key.id)).toEqual(key);
});

test('an API that starts before the controller has no keys yet, and gets them once the bucket exists', async () => {
  const nats = await startPermittedNats({ prefix: 'p' });
  const [{ link, errors }, controller] = [await connectAs(nats, 'api', 'p'), await connectAs(nats, 'controller', 'p')];
  const keys = natsLinkKeys(link, virtualClock());
  await expect(keys.current()).rejects.toMatchObject({ code: 'NotReady', message: /KV_p_links/ });
  await provisionNats(controller.link, { retentionMs: 3_600_000 });
  expect((await keys.current()).secret).toHaveLength(32);
  expect([...errors, ...controller.errors]).toEqual([]);
});

test('permissions from before there were links let everything else start', async () => {
  const edit = (text: string): string => text.replaceAll(/ *"[^"\n]*_links[^\n]*\n/g, '');
  const nats = await startPermittedNats({ prefix: 'p', edit });
  const [{ link }, controller] = [await connectAs(nats, 'api', 'p'), await connectAs(nats, 'controller', 'p')];
  await provisionNats(controller.link, { retentionMs: 3_600_000 });
  await expect(natsLinkKeys(link, virtualClock()).current()).rejects.toMatchObject({ code: 'NatsPermissionDenied' });
});
