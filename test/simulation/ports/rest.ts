// Clock, keys, artifacts and leadership of one process, over its connection.

import { monotonicFrom } from '../../../src/job/time.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { ArtifactStore } from '../../../src/ports/artifactStore.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Block } from '../../../src/job/block.ts';
import type { HeldKey, KeyOutcome, KeyRing, KeySettings, Verdict } from '../../../src/ports/keyRing.ts';
import type { Leadership } from '../../../src/ports/leadership.ts';
import type { Link } from '../link.ts';
import { epoch, type Process } from '../time/process.ts';

const slice = 1_000;

/** The present error of a process's estimate of the server's time, ms. */
export interface ClockError {
  ms: number;
}

export function clockOf(process: Process, error: ClockError): Clock {
  const now = (): number => Math.floor(epoch + process.schedule.now + error.ms);
  return {
    now,
    offset: () => now() - process.wall(),
    monotonic: () => monotonicFrom(process.monotonic()),
    sleep: async (until, signal) => {
      for (;;) {
        signal?.throwIfAborted();
        const left = until - now();
        if (left <= 0) return;
        await pause(Math.min(left, slice), undefined, signal === undefined ? {} : { signal }).catch(() =>
          signal?.throwIfAborted(),
        );
      }
    },
  };
}

/** ms after which the hold of a process that has ended expires. */
const holdLapses = 30_000;

/** A process's key ring: what it knows is current, what it asks for takes its time and can get lost. */
export function keysOver(link: Link, settings: Readonly<Record<string, readonly KeySettings[]>>): KeyRing {
  const { server, process } = link;
  const ring = server.keys.ring(settings);
  return {
    state: (pool) => link.request('the keys', () => ring.state(pool)),
    block: (pool, model, tenant) => ring.block(pool, model, tenant),
    outages: (pool) => ring.outages(pool),
    spending: (pool) => ring.spending(pool),
    onChange: (listener, signal) => ring.onChange((pool) => process.receive(() => listener(pool)), signal),
    untilRoom: (pool, models, signal) => fromServer(link, signal, (stop) => ring.untilRoom(pool, models, stop)),
    reserve: (pool, call) => reserveOver(link, () => ring.reserve(pool, call)),
  };
}

/** What the server answers once it can, unless the signal aborts first. */
async function fromServer<T>(link: Link, signal: AbortSignal, wait: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const { server, process } = link;
  const stop = new AbortController();
  const unlisten = process.onEnd(() => stop.abort(new Error('the process has ended')));
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
  if (signal.aborted) stop.abort(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  stop.signal.addEventListener('abort', () => process.receive(() => reject(stop.signal.reason as Error)));
  const answered = (answer: T): void =>
    void process.schedule.after(link.delay(), () => process.receive(() => resolve(answer)));
  process.schedule.after(link.delay(), () => {
    server.process.enter(() => void wait(stop.signal).then(answered, () => undefined));
  });
  try {
    return await promise;
  } finally {
    unlisten();
  }
}

/** A reservation whose answer does not arrive is returned. */
async function reserveOver(link: Link, reserve: () => Promise<HeldKey | Block>): Promise<HeldKey | Block> {
  let answer: Promise<HeldKey | Block> | undefined;
  try {
    const hold = (reserved: HeldKey | Block) => ('secret' in reserved ? held(link, reserved) : reserved);
    return await link.request('a reservation', () => (answer ??= reserve().then(hold)), 5_000);
  } catch (error) {
    void answer?.then((late) => ('secret' in late ? late.release({ outcome: 'unused' }) : undefined));
    throw error;
  }
}

function held(link: Link, key: HeldKey): HeldKey {
  const { process, server } = link;
  const release = (outcome: KeyOutcome): Promise<Verdict> => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    server.process.enter(() => void key.release(outcome).then(resolve));
    return promise;
  };
  const unlisten = process.onEnd(() => server.process.after(holdLapses, () => void release({ outcome: 'aborted' })));
  let again: Promise<boolean> | undefined;
  return {
    secret: key.secret,
    fingerprint: key.fingerprint,
    isProbe: key.isProbe,
    send: () => link.request('a stamp', () => key.send(), 2_000).catch(() => false),
    sendAgain: () => link.request('a stamp', () => (again ??= key.sendAgain()), 2_000).catch(() => false),
    release: (outcome) => {
      unlisten();
      const { promise, resolve } = Promise.withResolvers<Verdict>();
      const answered = (verdict: Verdict): void =>
        void process.schedule.after(link.delay(), () => process.receive(() => resolve(verdict)));
      process.schedule.after(link.delay(), () => void release(outcome).then(answered));
      return promise;
    },
  };
}

export function artifactsOver(link: Link): ArtifactStore {
  const { artifacts } = link.server;
  return {
    put: (tenant, bytes, mediaType) => link.request('the artifacts', () => artifacts.put(tenant, bytes, mediaType)),
    find: (tenant, digest) => link.request('the artifacts', () => artifacts.find(tenant, digest)),
    read: (tenant, digest) => link.request('the artifacts', () => artifacts.read(tenant, digest)),
    stream: (tenant, digest, range) => link.request('the artifacts', () => artifacts.stream(tenant, digest, range)),
    delete: (tenant, digest) => link.request('the artifacts', () => artifacts.delete(tenant, digest)),
  };
}

const lease = 5_000;
const renewEvery = 1_500;
const lookEvery = 400;

/**
 * A lease that its holder renews. Holders keep leading for `leaseOverrun` ms after it has expired: two may lead at the same time.
 */
export function leadershipOver(link: Link, leaseOverrun: number): Leadership {
  const { server } = link;
  const hold = (name: string, mine: boolean): Promise<boolean> =>
    link.request(
      'the lease',
      async () => {
        const { lease: present } = server;
        const now = server.clock.now();
        const free = present === undefined || present.until <= now;
        if (mine ? present?.holder !== name : !free) return false;
        server.lease = { holder: name, until: now + lease };
        return true;
      },
      renewEvery,
    );
  const serve = async (name: string, lead: (signal: AbortSignal) => Promise<void>, outer: AbortSignal) => {
    const over = new AbortController();
    const leading = lead(AbortSignal.any([outer, over.signal])).then(() => over.abort());
    let renewedAt = link.process.monotonic();
    while (!over.signal.aborted && !outer.aborted) {
      await pause(renewEvery, undefined, { signal: AbortSignal.any([outer, over.signal]) }).catch(() => undefined);
      const asked = link.process.monotonic();
      const answer = over.signal.aborted ? false : await hold(name, true).catch(() => undefined);
      if (answer === true) renewedAt = asked;
      const lapsed = link.process.monotonic() - renewedAt > 0.9 * lease + leaseOverrun;
      if (lapsed || (answer === false && leaseOverrun === 0)) over.abort(new Error('leadership is lost'));
    }
    await leading;
    await link
      .request('the lease', async () => {
        if (server.lease?.holder === name) server.lease = undefined;
      })
      .catch(() => undefined);
  };
  return {
    campaign: async ({ name }, lead, signal) => {
      while (!signal.aborted) {
        const won = await hold(name, false).catch(() => false);
        if (won) await serve(name, lead, signal);
        await pause(lookEvery * (won ? 3 : 1), undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
