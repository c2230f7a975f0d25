// The records of a pool by their names in the store: one per key, one per model for the provider's health, and a few for spending.

import { createHash } from 'node:crypto';
import type { Instant } from '../../../job/task.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { KeyState, Outage, Spending } from '../../../ports/keyRing.ts';
import { outageOf, type PoolView } from './admission.ts';
import { healthCodec, keyCodec, placesCodec, spendingCodec, tenantsCodec } from './codec.ts';
import { healthy, type HealthRecord } from './health.ts';
import { emptyRecord, type KeyLimits, type KeyRecord } from './record.ts';
import { noPlaces, type PlacesRecord } from './places.ts';
import { stateOf } from './setbacks.ts';
import {
  nothingSpent,
  shardOf,
  spendingOf,
  tenantShards,
  type Budgets,
  type PoolSpending,
  type TenantsRecord,
} from './spending.ts';
import type { Ledger, RecordStore } from './store.ts';

/** Each process marks its keys as seen this often, ms. */
export const markSeenEvery = 1_200_000;
/** A key that no process has marked as seen for this long was removed from the settings. */
const forgetAfter = 3 * markSeenEvery;

export class PoolRecords {
  readonly #store: RecordStore;
  readonly #clock: Clock;
  /** The names of the key records by pool. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #listeners = new Set<(pool: string) => void>();

  constructor(store: RecordStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    for (const name of store.names()) this.#index(name);
    store.onChange((name) => this.#index(name));
  }

  key(pool: string, fingerprint: string, limits: () => KeyLimits): Ledger<KeyRecord> {
    const empty = (now: Instant): KeyRecord => emptyRecord(limits(), now);
    return this.#store.ledger(`${pool}.${fingerprint}`, { codec: keyCodec, empty });
  }

  health(pool: string, model: string): Ledger<HealthRecord> {
    return this.#store.ledger(healthName(pool, model), { codec: healthCodec, empty: () => healthy(model) });
  }

  poolSpending(pool: string, budgets: Budgets = {}): Ledger<PoolSpending> {
    const empty = (now: Instant): PoolSpending => nothingSpent(budgets, now);
    return this.#store.ledger(`_spend.${pool}`, { codec: spendingCodec, empty });
  }

  tenantSpending(pool: string, tenant: string): Ledger<TenantsRecord> {
    return this.#store.ledger(shardName(pool, shardOf(tenant)), {
      codec: tenantsCodec,
      empty: () => ({ tenants: [] }),
    });
  }

  places(pool: string, tenant: string): Ledger<PlacesRecord> {
    return this.#store.ledger(placesName(pool, tenant), { codec: placesCodec, empty: () => noPlaces });
  }

  /** Without a ledger: a process that only looks may ask for any tenant. */
  placesSeen(pool: string, tenant: string): PlacesRecord {
    return this.#store.find(placesName(pool, tenant), placesCodec) ?? noPlaces;
  }

  /** `keys`: this process's own; undefined: those that other processes use. */
  view(pool: string, keys: readonly KeyRecord[] | undefined): PoolView {
    const others = keys === undefined ? this.#keyRecords(pool).map(({ record }) => record) : [];
    return {
      keys: keys ?? (others.length > 0 ? others : undefined),
      health: (model) => this.#store.find(healthName(pool, model), healthCodec) ?? healthy(model),
      spending: this.#store.find(`_spend.${pool}`, spendingCodec),
      tenant: (name) => this.#tenants(pool, shardOf(name)).find(({ tenant }) => tenant === name),
    };
  }

  states(pool: string): KeyState[] {
    const now = this.#clock.now();
    return this.#keyRecords(pool).map(({ fingerprint, record }) => stateOf(pool, fingerprint, record, now));
  }

  outages(pool: string): Outage[] {
    const prefix = `_health.${pool}.`;
    const records = [...this.#store.names()].flatMap((name) =>
      name.startsWith(prefix) ? (this.#store.find(name, healthCodec) ?? []) : [],
    );
    const now = this.#clock.now();
    return records.flatMap((record) => outageOf(record, now) ?? []).toSorted((a, b) => (a.model < b.model ? -1 : 1));
  }

  spending(pool: string): readonly Spending[] {
    const tenants = Array.from({ length: tenantShards }, (_, shard) => this.#tenants(pool, shard)).flat();
    return spendingOf(this.#store.find(`_spend.${pool}`, spendingCodec), tenants, this.#clock.now());
  }

  /** Calls back with the pool of each record that changed, until the returned function is called. */
  onChange(listener: (pool: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #index(name: string): void {
    const [kind, second] = name.split('.', 2);
    if (kind === undefined || second === undefined) return;
    // A pool's name has no underscore.
    if (kind.startsWith('_')) return this.#changed(second);
    this.#keys.set(kind, (this.#keys.get(kind) ?? new Set()).add(name));
    this.#changed(kind);
  }

  #changed(pool: string): void {
    for (const listener of this.#listeners) listener(pool);
  }

  #keyRecords(pool: string): { fingerprint: string; record: KeyRecord }[] {
    const seenSince = this.#clock.now() - forgetAfter;
    return [...(this.#keys.get(pool) ?? [])].flatMap((name) => {
      const record = this.#store.find(name, keyCodec);
      return record === undefined || record.seenAt < seenSince
        ? []
        : [{ fingerprint: name.slice(pool.length + 1), record }];
    });
  }

  #tenants(pool: string, shard: number): TenantsRecord['tenants'] {
    return this.#store.find(shardName(pool, shard), tenantsCodec)?.tenants ?? [];
  }
}

/** A model's name may have characters that a bucket's keys must not have. */
function healthName(pool: string, model: string): string {
  let hash = hashes.get(model);
  if (hash === undefined) {
    hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
    if (hashes.size < 1_000) hashes.set(model, hash);
  }
  return `_health.${pool}.${hash}`;
}

const hashes = new Map<string, string>();

const placesName = (pool: string, tenant: string): string => `_places.${pool}.${shardOf(tenant)}`;
const shardName = (pool: string, shard: number): string => `_spend.${pool}.${shard}`;
