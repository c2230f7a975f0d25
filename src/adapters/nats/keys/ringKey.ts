// One key as this process uses it: its secret, its current limits, and the calls that this process holds.

import type { TaskError } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/task.ts';
import type { KeyOutcome, KeySettings } from '../../../ports/keyRing.ts';
import type { PoolRecords } from './poolRecords.ts';
import { forgetRefusals } from './setbacks.ts';
import { renew, type KeyLimits, type KeyRecord } from './record.ts';
import { patience, type Change, type Ledger } from './store.ts';

export class RingKey {
  readonly secret: string;
  readonly fingerprint: string;
  /** This process's calls, and whether each was sent. */
  readonly holds = new Map<string, { readonly sent: boolean }>();
  /** Reservations that are being stored. */
  pending = 0;
  /** The settings no longer have the key. */
  isRemoved = false;
  #limits: KeyLimits;
  readonly #ledger: Ledger<KeyRecord>;

  constructor(records: PoolRecords, pool: string, fingerprint: string, settings: KeySettings) {
    this.secret = settings.secret;
    this.fingerprint = fingerprint;
    this.#limits = limitsOf(settings);
    this.#ledger = records.key(pool, fingerprint, () => this.#limits);
  }

  /** Uses the key with these settings from now on. */
  use(settings: KeySettings): void {
    this.#limits = limitsOf(settings);
    this.isRemoved = false;
  }

  read(): KeyRecord {
    return this.#withLimits(this.#ledger.read());
  }

  change(apply: Change<KeyRecord>, patienceMs: number): Promise<boolean> {
    return this.#ledger.change((record, now) => apply(this.#withLimits(record), now), patienceMs);
  }

  /** Marks the key as seen, and forgets refusals from before `since`. Resolves once stored, or after a minute. */
  async introduce(since: Instant): Promise<void> {
    await this.change((record, now) => forgetRefusals({ ...record, seenAt: now }, since), patience);
  }

  /** The settings no longer have the key: its calls end, and views no longer show it unless another process marks it as seen. */
  remove(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    void this.change((record) => ({ ...record, seenAt: 0 }), patience);
  }

  /** Renews this process's holds if there are any, or if the key was marked as seen before `seenBefore`. */
  async renew(seenBefore: Instant, patienceMs: number): Promise<void> {
    if (this.holds.size === 0 && (this.isRemoved || this.read().seenAt >= seenBefore)) return;
    const own = (): { id: string; sent: boolean }[] => [...this.holds].map(([id, { sent }]) => ({ id, sent }));
    await this.change((record, now) => {
      const renewed = renew(record, own(), now);
      return this.isRemoved ? { ...renewed, seenAt: record.seenAt } : renewed;
    }, patienceMs);
  }

  /** Providers quote keys in their messages. */
  withoutSecretIn(error: TaskError): TaskError {
    return { ...error, message: error.message.replaceAll(this.secret, '[key]') };
  }

  withoutSecret(outcome: KeyOutcome): KeyOutcome {
    return outcome.outcome === 'failed' ? { ...outcome, error: this.withoutSecretIn(outcome.error) } : outcome;
  }

  #withLimits(record: KeyRecord): KeyRecord {
    const { requestsPerMinute, maxInFlight } = this.#limits;
    const same = record.requestsPerMinute === requestsPerMinute && record.maxInFlight === maxInFlight;
    return same ? record : { ...record, requestsPerMinute, maxInFlight };
  }
}

const limitsOf = ({ requestsPerMinute, maxInFlight }: KeySettings): KeyLimits => ({ requestsPerMinute, maxInFlight });
