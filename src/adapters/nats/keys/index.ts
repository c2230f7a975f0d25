// The provider keys of this process's pools, shared with all other workers through a bucket that knows no key.

import type { HeldKey, KeyOutcome, KeyRing, KeySettings, KeyState } from '../../../ports/keyRing.ts';
import type { Clock } from '../../../ports/clock.ts';
import { openBucket } from '../kv/bucket.ts';
import { mirrorBucket } from '../kv/bucketMirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { fingerprintOf, installationSalt } from './fingerprint.ts';
import { openLedger, type LedgerContext } from './ledger.ts';
import { holdFor, readRecord, release, renew, stateOf } from './record.ts';
import { keyQueue, type KeyQueue, type RingKey } from './waitingSlots.ts';

export interface KeyRingOptions {
  /** The keys of each pool that this process works for. A pool without any, whose provider needs none, is not limited. */
  readonly keys: Readonly<Record<string, readonly KeySettings[]>>;
  readonly clock: Clock;
}

const renewEvery = holdFor / 3;
const sayEvery = 3_600_000;
/** A key that no process has named for this long has been taken out of the settings. */
const goneAfter = 3 * sayEvery;
const patience = 60_000;

/** Resolves once this process's keys are known to all; ends with the link. */
export async function natsKeyRing(link: NatsLink, { keys, clock }: KeyRingOptions): Promise<KeyRing> {
  const kv = await openBucket(link, 'keys');
  const mirror = await mirrorBucket(link, kv, `${link.prefix}_keys`);
  const context: LedgerContext = { link, kv, mirror, clock };
  // Only who has keys writes to the bucket.
  const salt = Object.values(keys).some(({ length }) => length > 0) ? await installationSalt(link, kv) : '';
  const queues = new Map<string, KeyQueue>();
  for (const [pool, settings] of Object.entries(keys)) {
    const ring = settings.map((key) => openKey(context, pool, key, salt));
    if (ring.length > 0) queues.set(pool, keyQueue(context, ring, heldKey));
    for (const key of ring) void keepRenewing(context, key);
  }
  return {
    acquire: async (pool, signal) => {
      signal.throwIfAborted();
      return queues.get(pool)?.acquire(signal) ?? unlimited;
    },
    state: (pool) => Promise.resolve(statesOf(context, pool)),
  };
}

/** For providers without keys. */
const unlimited: HeldKey = { secret: '', fingerprint: 'none', release: () => undefined };

function openKey(context: LedgerContext, pool: string, settings: KeySettings, salt: string): RingKey {
  const { secret, requestsPerMinute, maxInFlight } = settings;
  const fingerprint = fingerprintOf(secret, salt);
  const ledger = openLedger(context, `${pool}.${fingerprint}`, { requestsPerMinute, maxInFlight });
  return { ...ledger, secret, fingerprint, holds: new Set() };
}

function heldKey(key: RingKey, id: string): HeldKey {
  key.holds.add(id);
  return {
    secret: key.secret,
    fingerprint: key.fingerprint,
    release: (outcome: KeyOutcome) => {
      // A second word on the same call is none.
      if (!key.holds.delete(id)) return;
      void key.change((record, now) => release(record, id, outcome, now), patience);
    },
  };
}

/** Keeps this process's holds, and says now and then that the key is still in use. */
async function keepRenewing({ link, clock }: LedgerContext, key: RingKey): Promise<void> {
  await key.change((record, now) => ({ ...record, seenAt: now }), patience);
  while (!link.closing.aborted) {
    await clock.sleep(clock.now() + renewEvery, link.closing).catch(() => undefined);
    const silent = key.read().seenAt < clock.now() - sayEvery;
    if (link.closing.aborted || (key.holds.size === 0 && !silent)) continue;
    await key.change((record, now) => renew(record, [...key.holds], now), renewEvery);
  }
}

function statesOf({ mirror, clock }: LedgerContext, pool: string): KeyState[] {
  const now = clock.now();
  return [...mirror.entries.values()].flatMap(({ key, value }) => {
    const record = key.startsWith(`${pool}.`) ? readRecord(value) : undefined;
    if (record === undefined || record.seenAt < now - goneAfter) return [];
    return [stateOf(pool, key.slice(pool.length + 1), record, now)];
  });
}
