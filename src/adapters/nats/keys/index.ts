// The provider keys of this process's pools. Workers share their use through a bucket, which holds only fingerprints of keys.

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import type { RunningLimits } from '../../../job/shares.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { KeySettings } from '../../../ports/keyRing.ts';
import { isConflict } from '../jetstream/errors.ts';
import { retryAtStart } from '../jetstream/retry.ts';
import { openBucket } from '../kv/bucket.ts';
import { mirrorBucket } from '../kv/mirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { natsStore } from './natsStore.ts';
import { holdFor, stampValidFor } from './record.ts';
import { openRing, type OpenRing } from './ring.ts';
import type { Budgets } from './spending.ts';

export interface KeyRingOptions {
  /** The keys of each pool that this process serves. A pool that is not named needs no keys. */
  readonly keys: Readonly<Record<string, readonly KeySettings[]>>;
  /** The budgets of these pools, in the currency of their prices. */
  readonly budgets?: Readonly<Record<string, Budgets>>;
  /** The limits on running tasks of each pool, as they are declared now; default: none. */
  readonly limits?: (pool: string) => RunningLimits;
  readonly clock: Clock;
}

export interface NatsKeyRing extends OpenRing {
  /** How NATS, logs and views identify a key. */
  readonly fingerprint: (secret: string) => string;
}

/** Resolves once this process's keys are open; ends with the link. */
export async function natsKeyRing(
  link: NatsLink,
  { keys, budgets, limits, clock }: KeyRingOptions,
): Promise<NatsKeyRing> {
  const kv = await openBucket(link, 'keys');
  const mirror = await mirrorBucket(link, kv, `${link.prefix}_keys`);
  // Only a process that serves pools writes to the bucket.
  const salt = Object.keys(keys).length > 0 ? await installationSalt(link, kv) : '';
  const fingerprint = (secret: string): string => fingerprintOf(secret, salt);
  const store = natsStore({ link, kv, mirror, clock });
  const nextId = (): string => randomUUID();
  const shared = { store, clock, keys, fingerprint, nextId, holdFor, stampValidFor };
  const given = { ...(budgets === undefined ? {} : { budgets }), ...(limits === undefined ? {} : { limits }) };
  const ring = openRing({ ...shared, ...given });
  void keepRenewing(link, ring, clock);
  return Object.assign(ring, { fingerprint });
}

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

async function keepRenewing(link: NatsLink, ring: OpenRing, clock: Clock): Promise<void> {
  while (!link.closing.aborted) {
    await clock.sleep(clock.now() + holdFor / 3, link.closing).catch(() => undefined);
    if (!link.closing.aborted) await ring.renewHolds();
  }
}
