// Clock, artifacts and leadership of one process, over its connection.

import { monotonicFrom } from '../../../src/job/time.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { ArtifactStore } from '../../../src/ports/artifactStore.ts';
import type { Clock } from '../../../src/ports/clock.ts';
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

export function artifactsOver(link: Link): ArtifactStore {
  const { artifacts } = link.server;
  return {
    put: (tenant, bytes, mediaType, options) =>
      link.request('the artifacts', () => artifacts.put(tenant, bytes, mediaType, options)),
    keep: (tenant, digest, until) => link.request('the artifacts', () => artifacts.keep(tenant, digest, until)),
    find: (tenant, digest) => link.request('the artifacts', () => artifacts.find(tenant, digest)),
    read: (tenant, digest) => link.request('the artifacts', () => artifacts.read(tenant, digest)),
    stream: (tenant, digest, range) => link.request('the artifacts', () => artifacts.stream(tenant, digest, range)),
    delete: (tenant, digest, owner) => link.request('the artifacts', () => artifacts.delete(tenant, digest, owner)),
    traffic: () => artifacts.traffic(),
    checkRoom: () => artifacts.checkRoom(),
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
