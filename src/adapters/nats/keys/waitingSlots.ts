// The slots of a pool that wait for a key: first come, first served, by the key that is ready soonest.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../ports/clock.ts';
import type { AcquiredKey as HeldKey } from '../../../ports/keyRing.ts';
import type { BucketMirror } from '../kv/mirror.ts';
import type { NatsLink } from '../link/connection.ts';
import type { KeyLedger } from './ledger.ts';
import { grant, inFlight, readyAt, room, type KeyRecord } from './record.ts';

/** One key as this process uses it. */
export interface RingKey extends KeyLedger {
  readonly secret: string;
  readonly fingerprint: string;
  /** The ids of this process's holds. */
  readonly holds: Set<string>;
}

interface Context {
  readonly link: NatsLink;
  readonly mirror: BucketMirror;
  readonly clock: Clock;
}

export interface WaitingSlots {
  acquire(signal: AbortSignal): Promise<HeldKey>;
}

interface Waiter {
  readonly id: string;
  readonly serve: (key: HeldKey) => void;
}

const patience = 5_000;

/** `hold` makes the held key for a grant. There must be at least one key. */
export function waitingSlots(
  { link, mirror, clock }: Context,
  keys: readonly RingKey[],
  hold: (key: RingKey, id: string) => HeldKey,
): WaitingSlots {
  const waiters = new Set<Waiter>();
  let serving = false;
  let wake = new AbortController();
  mirror.onChange(() => wake.abort());
  return {
    acquire: (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<HeldKey>();
      const stop = AbortSignal.any([signal, link.closing]);
      const leave = (): void => {
        waiters.delete(waiter);
        reject(stop.reason as Error);
      };
      const serve = (key: HeldKey): void => {
        stop.removeEventListener('abort', leave);
        resolve(key);
      };
      const waiter: Waiter = { id: randomUUID(), serve };
      stop.addEventListener('abort', leave, { once: true });
      if (stop.aborted) leave();
      else waiters.add(waiter);
      if (!serving) void serveAll();
      return promise;
    },
  };

  async function serveAll(): Promise<void> {
    serving = true;
    while (waiters.size > 0 && !link.closing.aborted) {
      wake = new AbortController();
      const { key, at } = soonest(keys, clock.now());
      if (at <= clock.now()) await serveFrom(key);
      else await clock.sleep(at, AbortSignal.any([wake.signal, link.closing])).catch(() => undefined);
    }
    serving = false;
  }

  /** One write for as many waiters as the key has room for. */
  async function serveFrom(key: RingKey): Promise<void> {
    const next = [...waiters].slice(0, room(key.read(), clock.now()));
    let granted: Waiter[] = [];
    const stored = await key.change((before, now) => {
      let record = before;
      granted = next.filter((waiter) => {
        const has = record.holds.some(({ id }) => id === waiter.id);
        const grants = has || (waiters.has(waiter) && room(record, now) > 0);
        if (grants) record = grant(record, waiter.id, now);
        return grants;
      });
      return record;
    }, patience);
    if (stored) granted.forEach((waiter) => handOver(waiter, hold(key, waiter.id)));
  }

  function handOver(waiter: Waiter, key: HeldKey): void {
    if (waiters.delete(waiter)) waiter.serve(key);
    // It gave up while the grant was on its way.
    else key.release({ outcome: 'unused' });
  }
}

/** The key that may be used first; if several may be used now, the one with the fewest requests in flight. */
function soonest(keys: readonly RingKey[], now: number): { key: RingKey; at: number } {
  const ranked = keys.map((key) => rank(key, key.read(), now));
  return ranked.reduce((best, next) =>
    next.at < best.at || (next.at === best.at && next.busy < best.busy) ? next : best,
  );
}

const rank = (key: RingKey, record: KeyRecord, now: number): { key: RingKey; at: number; busy: number } => ({
  key,
  at: readyAt(record, now),
  busy: inFlight(record, now),
});
