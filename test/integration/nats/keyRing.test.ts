// The key ring on a real server: what NATS stores, killed workers, a server that goes away, records of earlier versions.

import { expect, test } from 'vitest';
import { virtualClock } from '../../fakes/clock.ts';
import { natsKeyRing, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import type { HeldKey, KeyRing, KeySettings } from '../../../src/ports/keyRing.ts';
import { infoOf } from '../../support/jetStream.ts';
import { until } from '../../support/until.ts';
import { openNats } from './openNats.ts';

const never = new AbortController().signal;
const secret = 'AIzaSy-a-very-secret-provider-key-0123';
const used = { outcome: 'used' } as const;
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
  return { server, clock, link, links, rings, prefix, stream: `KV_${prefix}_keys` };
}

async function reserved(ring: KeyRing, task = 'job/0'): Promise<HeldKey> {
  const answer = await ring.reserve('front', { model: 'painter', tenant: 'acme', task });
  return 'secret' in answer ? answer : expect.fail(`blocked: ${JSON.stringify(answer)}`);
}

const inFlight = async (ring: KeyRing): Promise<number> => (await ring.state('front'))[0]?.inFlight ?? 0;

async function writesTo(link: NatsLink, stream: string): Promise<number> {
  return (await infoOf(link, stream)).state.last_seq;
}

test('no message to NATS contains any part of a key, not even one that the provider quotes', async () => {
  const { links, rings } = await open();
  const everything: string[] = [];
  links[1]!.connection.subscribe('>', {
    callback: (_error, message) => {
      everything.push(`${message.subject} ${message.string()} ${[...(message.headers ?? [])].join()}`);
    },
  });
  await links[1]!.connection.flush();
  const held = await reserved(rings[0]!);
  expect(held.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  const error = taskError('KeyRefused', `Consumer 'api_key:${secret}' has been suspended.`);
  await held.release({ outcome: 'failed', error });
  await until(async () => (await rings[1]!.state('front'))[0]!.state === 'refused', { what: 'the refusal' });
  expect(everything.join('\n')).toContain(held.fingerprint);
  expect(everything.join('\n')).toContain("Consumer 'api_key:[key]' has been suspended.");
  const found = [secret, secret.slice(0, 12), Buffer.from(secret).toString('base64').slice(0, 16)].filter((part) =>
    everything.join('\n').includes(part),
  );
  expect(found).toEqual([]);
});

test('the fingerprint is the same for all workers of an installation, and differs between installations', async () => {
  const one = await open();
  const fingerprints = await Promise.all(one.rings.map(async (ring) => (await reserved(ring)).fingerprint));
  expect(new Set(fingerprints).size).toBe(1);
  const elsewhere = await open({}, 1);
  expect((await reserved(elsewhere.rings[0]!)).fingerprint).not.toBe(fingerprints[0]);
});

test('the holds of a killed worker lapse, those of a living one do not', async () => {
  const { clock, links, rings } = await open({ maxInFlight: 2 });
  await reserved(rings[0]!);
  const kept = await reserved(rings[1]!);
  await until(async () => (await inFlight(rings[1]!)) === 2, { what: 'both to be counted' });
  // As a killed process: nothing is released or renewed.
  await links[0]!.connection.close();
  let room = 0;
  const next = rings[1]!.untilRoom('front', ['painter'], never).then((count) => (room = count));
  const from = clock.now();
  await until(
    async () => {
      // The living worker renews every ten seconds, and each of its writes is given its time.
      if (room === 0) clock.skip(1_000);
      await links[1]!.connection.flush();
      return room > 0;
    },
    { what: 'the lapsed hold to make room', intervalMs: 10 },
  );
  await next;
  expect(clock.now() - from).toBeGreaterThanOrEqual(29_000);
  const other = await reserved(rings[1]!);
  expect(await inFlight(rings[1]!)).toBe(2);
  await kept.release(used);
  await other.release(used);
});

test('requests of a killed worker stay counted, also for the worker that replaces it', async () => {
  const { clock, link, links, rings } = await open({ requestsPerMinute: 2 }, 1);
  for (let call = 0; call < 2; call += 1) expect(await (await reserved(rings[0]!)).send()).toBe(true);
  const sentAt = clock.now();
  await links[0]!.connection.close();
  clock.skip(31_000);
  const next = await natsKeyRing(await link(), { clock, keys: { front: [key({ requestsPerMinute: 2 })] } });
  const block = next.block('front', 'painter', 'acme');
  expect(block).toMatchObject({ reason: 'RateLimit' });
  expect(block!.until).toBeGreaterThanOrEqual(sentAt + 60_000);
  clock.skip(block!.until! - clock.now());
  expect(await (await reserved(next)).send()).toBe(true);
});

test('a call takes two writes, and calls of one process at the same time share theirs', async () => {
  const { links, rings, stream } = await open({}, 1);
  await until(async () => (await rings[0]!.state('front')).length === 1, { what: 'the key to be known' });
  const before = await writesTo(links[0]!, stream);
  const first = await reserved(rings[0]!);
  expect(await first.send()).toBe(true);
  await first.release(used);
  expect((await writesTo(links[0]!, stream)) - before).toBe(2);
  const many = await Promise.all(Array.from({ length: 50 }, () => reserved(rings[0]!)));
  expect((await writesTo(links[0]!, stream)) - before).toBeLessThan(10);
  await Promise.all(many.map((held) => held.release(used)));
  expect((await writesTo(links[0]!, stream)) - before).toBeLessThan(20);
});

test('a hundred calls that fail together in an outage write little', async () => {
  const { links, rings, stream } = await open({}, 1);
  await until(async () => (await rings[0]!.state('front')).length === 1, { what: 'the key to be known' });
  const many = await Promise.all(Array.from({ length: 100 }, (_, at) => reserved(rings[0]!, `job/${at}`)));
  const before = await writesTo(links[0]!, stream);
  const error = taskError('ProviderUnavailable', 'overloaded');
  const verdicts = await Promise.all(many.map((held) => held.release({ outcome: 'failed', error })));
  expect(verdicts.filter(({ outage }) => !outage)).toHaveLength(1);
  expect((await writesTo(links[0]!, stream)) - before).toBeLessThan(12);
});

test('many slots of several workers never exceed the limit in flight', async () => {
  const { rings } = await open({ maxInFlight: 3 }, 3);
  let [now, most, done] = [0, 0, 0];
  const slot = async (ring: KeyRing): Promise<void> => {
    for (let call = 0; call < 5;) {
      await ring.untilRoom('front', ['painter'], never);
      const held = await ring.reserve('front', { model: 'painter', tenant: 'acme', task: 'job/0' });
      if (!('secret' in held)) continue;
      call += 1;
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => setImmediate(resolve));
      now -= 1;
      done += 1;
      await held.release(used);
    }
  };
  await Promise.all(rings.flatMap((ring) => [slot(ring), slot(ring), slot(ring)]));
  expect(done).toBe(45);
  expect(most).toBeLessThanOrEqual(3);
});

test('while NATS is away a fresh reservation is sent, an older one is not, and a release is stored later', async () => {
  const { server, clock, links, rings } = await open({ maxInFlight: 2 });
  const [fresh, old] = [await reserved(rings[0]!), await reserved(rings[0]!)];
  await until(async () => (await inFlight(rings[1]!)) === 2, { what: 'the holds to be seen' });
  server.kill('SIGKILL');
  await until(() => links.every((link) => !link.connected()), { what: 'both to be cut off' });
  expect(await fresh.send()).toBe(true);
  clock.skip(1_500);
  const late = old.send();
  const released = fresh.release({ outcome: 'failed', error: taskError('PromptRefused', 'no') });
  expect(await late).toBe(false);
  await expect(rings[1]!.untilRoom('front', ['painter'], AbortSignal.timeout(50))).rejects.toThrow(/timeout/i);
  await server.restart();
  await rings[1]!.untilRoom('front', ['painter'], never);
  expect(await released).toEqual({ outage: false });
  await (await reserved(rings[1]!)).release(used);
}, 30_000);

test('a record of an earlier version, with an absurd cool-down, is read and repaired', async () => {
  const { clock, link, rings, links, prefix } = await open({}, 1);
  const { fingerprint, release } = await reserved(rings[0]!);
  await release(used);
  const before = {
    requestsPerMinute: 5,
    maxInFlight: 5,
    grants: [[Math.floor(clock.now() / 1_000), 1]],
    holds: [{ id: 'one', until: clock.now() + 29_000, second: Math.floor(clock.now() / 1_000) }],
    coolUntil: 9_223_372_036_854_776_000,
    strikes: 3,
    refusedUntil: 0,
    cause: 'RateLimited',
    seenAt: clock.now(),
  };
  const { Kvm } = await import('@nats-io/kv');
  const kv = await new Kvm(links[0]!.connection).open(`${prefix}_keys`);
  await kv.put(`front.${fingerprint}`, JSON.stringify(before));
  const next = await natsKeyRing(await link(), { clock, keys: {} });
  expect(next.block('front', 'painter', 'acme')).toMatchObject({
    reason: 'KeysCooling',
    until: clock.now() + 3_600_000,
  });
  expect((await next.state('front'))[0]).toMatchObject({ state: 'cooling', inFlight: 1 });
  // The fields of an earlier version are still there after this version wrote.
  await natsKeyRing(await link(), { clock, keys: { front: [key()] } });
  const written = await until(
    async () => {
      const entry = await kv.get(`front.${fingerprint}`);
      const record = entry!.json<Record<string, unknown>>();
      return 'models' in record && record;
    },
    { what: 'the repaired record' },
  );
  expect(Object.keys(written)).toEqual(expect.arrayContaining(Object.keys(before)));
  expect(written['coolUntil']).toBe(clock.now() + 3_600_000);
});
