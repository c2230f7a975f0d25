// The provider keys of this process's pools. Workers share the keys' use through a bucket, which holds only fingerprints.

import { createHmac, randomBytes } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import type {
  AcquiredKey as HeldKey,
  AcquiringKeyRing as KeyRing,
  KeyOutcome,
  KeySettings,
  KeyState,
} from '../../../ports/keyRing.ts';
import type { Clock } from '../../../ports/clock.ts';
import { isConflict } from '../jetstream/errors.ts';
import { retryAtStart } from '../jetstream/retry.ts';
import { openBucket } from '../kv/bucket.ts';
import { mirrorBucket } from '../kv/mirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { openLedger, type LedgerContext } from './ledger.ts';
import { holdFor, readRecord, release, renew, stateOf } from './record.ts';
import { waitingSlots, type RingKey, type WaitingSlots } from './waitingSlots.ts';

export interface KeyRingOptions {
  /** The keys of each pool that this process serves. A pool without keys (its provider needs none) is not limited. */
  readonly keys: Readonly<Record<string, readonly KeySettings[]>>;
  readonly clock: Clock;
}

const renewEvery = holdFor / 3;
const markSeenEvery = 3_600_000;
/** A key that no process has marked as seen for this long was removed from the settings. */
const forgetAfter = 3 * markSeenEvery;
const patience = 60_000;

/** Resolves once this process's keys are open; ends with the link. */
export async function natsKeyRing(link: NatsLink, { keys, clock }: KeyRingOptions): Promise<KeyRing> {
  const kv = await openBucket(link, 'keys');
  const mirror = await mirrorBucket(link, kv, `${link.prefix}_keys`);
  const context: LedgerContext = { link, kv, mirror, clock };
  // Only a process with keys writes to the bucket.
  const salt = Object.values(keys).some(({ length }) => length > 0) ? await installationSalt(link, kv) : '';
  const queues = new Map<string, WaitingSlots>();
  for (const [pool, settings] of Object.entries(keys)) {
    const ring = settings.map((key) => openKey(context, pool, key, salt));
    if (ring.length > 0) queues.set(pool, waitingSlots(context, ring, heldKey));
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

/** The installation's salt, created by the first process that needs it. */
async function installationSalt(link: NatsLink, kv: KV): Promise<string> {
  for (;;) {
    const known = await retryAtStart(link, "The installation's salt cannot be read", () => kv.get('salt'));
    if (known !== null) return known.string();
    const salt = randomBytes(32).toString('hex');
    try {
      const create = (): Promise<number> => kv.put('salt', salt, { previousSeq: 0 });
      await retryAtStart(link, "The installation's salt cannot be stored", create);
      return salt;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/**
 * How NATS and logs identify a key: 16 hexadecimal digits of its HMAC-SHA-256. They reveal nothing about the key without
 * the installation's salt, and next to nothing with it.
 */
const fingerprintOf = (secret: string, salt: string): string =>
  createHmac('sha256', salt).update(secret).digest('hex').slice(0, 16);

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
      // A second release of the same call is ignored.
      if (!key.holds.delete(id)) return;
      void key.change((record, now) => release(record, id, outcome, now), patience);
    },
  };
}

/** Renews this process's holds, and marks the key as seen once an hour. */
async function keepRenewing({ link, clock }: LedgerContext, key: RingKey): Promise<void> {
  await key.change((record, now) => ({ ...record, seenAt: now }), patience);
  while (!link.closing.aborted) {
    await clock.sleep(clock.now() + renewEvery, link.closing).catch(() => undefined);
    const outdated = key.read().seenAt < clock.now() - markSeenEvery;
    if (link.closing.aborted || (key.holds.size === 0 && !outdated)) continue;
    await key.change((record, now) => renew(record, [...key.holds], now), renewEvery);
  }
}

function statesOf({ mirror, clock }: LedgerContext, pool: string): KeyState[] {
  const now = clock.now();
  return [...mirror.entries.values()].flatMap(({ key, value }) => {
    const record = key.startsWith(`${pool}.`) ? readRecord(value) : undefined;
    if (record === undefined || record.seenAt < now - forgetAfter) return [];
    return [stateOf(pool, key.slice(pool.length + 1), record, now)];
  });
}
