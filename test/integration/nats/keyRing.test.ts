// The key ring on a real server: what NATS stores, killed workers, a server that goes away.

import { expect, test } from 'vitest';
import { virtualClock } from '../../fakes/clock.ts';
import { natsKeyRing, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import type { AcquiringKeyRing as KeyRing, KeySettings } from '../../../src/ports/keyRing.ts';
import { infoOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const never = new AbortController().signal;
const secret = 'AIzaSy-a-very-secret-provider-key-0123';
const key = (limits: Partial<KeySettings> = {}): KeySettings => ({
  secret,
  requestsPerMinute: 1_000,
  maxInFlight: 1_000,
  ...limits,
});

async function open(limits: Partial<KeySettings> = {}, count = 2) {
  const { server, prefix, link } = await openNats();
  const clock = virtualClock();
  const links: NatsLink[] = [];
  const rings: KeyRing[] = [];
  for (let index = 0; index < count; index += 1) {
    links.push(await link());
    rings.push(await natsKeyRing(links[index]!, { clock, keys: { front: [key(limits)] } }));
  }
  return { server, clock, links, rings, stream: `KV_${prefix}_keys` };
}

const inFlight = async (ring: KeyRing): Promise<number> => (await ring.state('front'))[0]!.inFlight;

async function writesTo(link: NatsLink, stream: string): Promise<number> {
  return (await infoOf(link, stream)).state.last_seq;
}

test('no message to NATS contains any part of a key', async () => {
  const { links, rings } = await open();
  const everything: string[] = [];
  links[1]!.connection.subscribe('>', {
    callback: (_error, message) => {
      everything.push(`${message.subject} ${message.string()} ${[...(message.headers ?? [])].join()}`);
    },
  });
  await links[1]!.connection.flush();
  const held = await rings[0]!.acquire('front', never);
  expect(held.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  held.release({ outcome: 'failed', error: taskError('KeyRefused', 'no') });
  await until(async () => (await rings[1]!.state('front'))[0]!.state === 'refused', { what: 'the refusal' });
  expect(everything.join('\n')).toContain(held.fingerprint);
  const found = [secret, secret.slice(0, 12), Buffer.from(secret).toString('base64').slice(0, 16)].filter((part) =>
    everything.join('\n').includes(part),
  );
  expect(found).toEqual([]);
});

test('the fingerprint is the same for all workers of an installation, and differs between installations', async () => {
  const one = await open();
  const fingerprints = await Promise.all(
    one.rings.map(async (ring) => (await ring.acquire('front', never)).fingerprint),
  );
  expect(new Set(fingerprints).size).toBe(1);
  const elsewhere = await open({}, 1);
  expect((await elsewhere.rings[0]!.acquire('front', never)).fingerprint).not.toBe(fingerprints[0]);
});

test('the holds of a killed worker lapse, those of a living one do not', async () => {
  const { clock, links, rings } = await open({ maxInFlight: 2 });
  await rings[0]!.acquire('front', never);
  const kept = await rings[1]!.acquire('front', never);
  await until(async () => (await inFlight(rings[1]!)) === 2, { what: 'both to be counted' });
  // As a killed process: nothing is released or renewed.
  await links[0]!.connection.close();
  let served = false;
  const next = rings[1]!.acquire('front', never).then((held) => {
    served = true;
    return held;
  });
  const from = clock.now();
  await until(
    async () => {
      // The living worker renews every ten seconds, and each of its writes is given its time.
      if (!served) clock.skip(1_000);
      await links[1]!.connection.flush();
      return served;
    },
    { what: 'the lapsed hold to make room', intervalMs: 10 },
  );
  expect(clock.now() - from).toBeGreaterThanOrEqual(29_000);
  expect(await inFlight(rings[1]!)).toBe(2);
  kept.release({ outcome: 'used' });
  (await next).release({ outcome: 'used' });
});

test('the slots of one process take their keys in few writes; a single key costs one', async () => {
  const { links, rings, stream } = await open({}, 1);
  await until(async () => (await rings[0]!.state('front')).length === 1, { what: 'the key to be known' });
  const before = await writesTo(links[0]!, stream);
  const first = await rings[0]!.acquire('front', never);
  expect((await writesTo(links[0]!, stream)) - before).toBe(1);
  const many = await Promise.all(Array.from({ length: 50 }, () => rings[0]!.acquire('front', never)));
  expect((await writesTo(links[0]!, stream)) - before).toBeLessThan(10);
  for (const held of [first, ...many]) held.release({ outcome: 'used' });
  await until(async () => (await inFlight(rings[0]!)) === 0, { what: 'all to be free' });
  expect((await writesTo(links[0]!, stream)) - before).toBeLessThan(20);
});

test('many slots of several workers never exceed the limit in flight', async () => {
  const { rings } = await open({ maxInFlight: 3 }, 3);
  let [now, most, done] = [0, 0, 0];
  const slot = async (ring: KeyRing): Promise<void> => {
    for (let call = 0; call < 5; call += 1) {
      const held = await ring.acquire('front', never);
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => setImmediate(resolve));
      now -= 1;
      done += 1;
      held.release({ outcome: 'used' });
    }
  };
  await Promise.all(rings.flatMap((ring) => [slot(ring), slot(ring), slot(ring)]));
  expect(done).toBe(45);
  expect(most).toBeLessThanOrEqual(3);
});

test('a release while NATS is away is stored when it is back, and waiting slots are then served', async () => {
  const { server, links, rings } = await open({ maxInFlight: 1 });
  const held = await rings[0]!.acquire('front', never);
  await until(async () => (await inFlight(rings[1]!)) === 1, { what: 'the hold to be seen' });
  server.kill('SIGKILL');
  await until(() => links.every((link) => !link.connected()), { what: 'both to be cut off' });
  held.release({ outcome: 'failed', error: taskError('PromptRefused', 'no') });
  const waiting = rings[1]!.acquire('front', never);
  const impatient = rings[1]!.acquire('front', AbortSignal.timeout(50));
  await expect(impatient).rejects.toThrow(/timeout/i);
  await server.restart();
  (await waiting).release({ outcome: 'used' });
});
