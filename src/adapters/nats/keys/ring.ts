// The key ring over any store of conditional records: waits for room, reserves calls, and answers views from memory.

import { plainBlock, type Block } from '../../../job/block.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Flow } from '../../../job/parts.ts';
import type { RunningLimits } from '../../../job/shares.ts';
import type { Instant } from '../../../job/task.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { CallRequest, HeldKey, KeyRing, KeySettings, Place, PlaceRequest } from '../../../ports/keyRing.ts';
import { blockOf, isShort, roomOf, type PoolView } from './admission.ts';
import { healthy, isProbe, openBreaker, probeAt, renewProbe, returnProbe, startProbe } from './health.ts';
import { heldCall, type Reservation } from './heldCall.ts';
import { HeldPlaces } from './heldPlaces.ts';
import { markSeenEvery, PoolRecords } from './poolRecords.ts';
import { holdOf, inFlight, type KeyRecord } from './record.ts';
import { RingKey } from './ringKey.ts';
import { grantCall, release, roomFor } from './setbacks.ts';
import { addToPool, addToTenant, hasLimits, sameBudgets, type Budgets } from './spending.ts';
import { patience, type RecordStore } from './store.ts';

export interface RingOptions {
  readonly store: RecordStore;
  readonly clock: Clock;
  /** The keys of each pool that this process serves. A pool that is not named needs no keys. */
  readonly keys: Readonly<Record<string, readonly KeySettings[]>>;
  readonly budgets?: Readonly<Record<string, Budgets>>;
  /** The limits on running tasks of each pool, as they are declared now. */
  readonly limits?: (pool: string) => RunningLimits;
  /** How NATS and logs identify a key. */
  readonly fingerprint: (secret: string) => string;
  /** A new id of a hold. */
  readonly nextId: () => string;
  /** How long a hold lasts without a renewal, ms. */
  readonly holdFor: number;
  /** How long after its stamp a request may be sent without a new one, ms. */
  readonly stampValidFor: number;
}

export interface OpenRing extends KeyRing {
  /**
   * Uses these keys of a pool of this process from now on, and forgets why the provider refused them. Calls with removed keys
   * end normally. Resolves once the keys can be used.
   */
  replaceKeys(pool: string, keys: readonly KeySettings[]): Promise<void>;
  /** Renews the holds of this process; to be called three times in `holdFor`. Never rejects. */
  renewHolds(): Promise<void>;
}

interface OwnPool {
  /** Every key that this process has used, by fingerprint. */
  readonly known: Map<string, RingKey>;
  keys: readonly RingKey[];
}

const reservePatience = 5_000;
/** Refusals from before this time, ms, are forgotten by a starting process: its keys may have been repaired. */
const refusalsKeptAtStart = 60_000;
const lookAgainAfter = 60_000;

export function openRing(options: RingOptions): OpenRing {
  const ring = new Ring(options);
  for (const [pool, keys] of Object.entries(options.keys)) ring.openPool(pool, keys);
  return ring;
}

class Ring implements OpenRing {
  readonly #options: RingOptions;
  readonly #records: PoolRecords;
  readonly #places: HeldPlaces;
  readonly #pools = new Map<string, OwnPool>();
  /** The probes of this process, by the id of the hold. */
  readonly #probes = new Map<string, { pool: string; model: string }>();

  constructor(options: RingOptions) {
    this.#options = options;
    const { store, clock, nextId, limits = () => ({}) } = options;
    this.#records = new PoolRecords(store, clock);
    this.#places = new HeldPlaces({ records: this.#records, clock, limits, nextId });
  }

  openPool(pool: string, settings: readonly KeySettings[]): void {
    this.#useKeys(pool, settings);
    for (const key of this.#pools.get(pool)!.keys) void key.introduce(this.#options.clock.now() - refusalsKeptAtStart);
    const budgets = this.#options.budgets?.[pool] ?? {};
    const ledger = this.#records.poolSpending(pool, budgets);
    const known = this.#records.view(pool, []).spending;
    if (known === undefined && !hasLimits(budgets)) return;
    void ledger.change((record) => (sameBudgets(record.budgets, budgets) ? record : { ...record, budgets }), patience);
  }

  async replaceKeys(pool: string, settings: readonly KeySettings[]): Promise<void> {
    this.#useKeys(pool, settings);
    const now = this.#options.clock.now();
    await Promise.all(this.#pools.get(pool)!.keys.map((key) => key.introduce(now + 1)));
  }

  async renewHolds(): Promise<void> {
    const { clock, holdFor } = this.#options;
    const every = holdFor / 3;
    const keys = [...this.#pools.values()].flatMap(({ known }) => [...known.values()]);
    const probes = [...this.#probes].map(([id, { pool, model }]) =>
      this.#records.health(pool, model).change((record, now) => renewProbe(record, id, now, holdFor), every),
    );
    const renewals = keys.map((key) => key.renew(clock.now() - markSeenEvery, every));
    await Promise.all([...probes, ...renewals, this.#places.renew(every)]);
  }

  async untilRoom(pool: string, models: readonly string[], signal: AbortSignal): Promise<number> {
    const { clock, store } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      store.closing.throwIfAborted();
      const now = clock.now();
      const { room, at } = roomOf(this.#view(pool), models, now);
      if (room >= 1) return room;
      await this.#changeOr(pool, Math.min(Math.max(at, now + 10), now + lookAgainAfter), signal);
    }
  }

  takePlace(pool: string, request: PlaceRequest): Promise<Place | Block> {
    return this.#places.take(pool, request);
  }

  room(pool: string, flow: Flow): number {
    return this.#places.room(pool, flow);
  }

  async reserve(pool: string, call: CallRequest): Promise<HeldKey | Block> {
    const now = this.#options.clock.now();
    const block = this.#blockOfCall(pool, call);
    if (block === undefined) return this.#reserveKey(pool, call, this.#options.nextId(), false);
    if (block.reason !== 'ProviderOutage') return block;
    const open = openBreaker(this.#records.health(pool, call.model).read(), now);
    const due = open === null ? now : probeAt(open, call.task, now);
    if (due > now) return { ...block, until: due };
    return this.#blockOfKeys(pool, call) ?? this.#reserveProbe(pool, call);
  }

  /** A limit of the tenant is shown in place of a block that ends by itself in a moment. */
  block(pool: string, model: string, tenant: string, group?: string): Block | undefined {
    const ofCall = this.#blockOfCall(pool, { model, tenant });
    if (ofCall !== undefined && !isShort(ofCall)) return ofCall;
    return this.#places.block(pool, { tenant, group: group ?? null }) ?? ofCall;
  }

  state(pool: string) {
    return Promise.resolve(this.#records.states(pool));
  }

  outages(pool: string) {
    return this.#records.outages(pool);
  }

  spending(pool: string) {
    return this.#records.spending(pool);
  }

  onChange(listener: (pool: string) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    signal.addEventListener('abort', this.#records.onChange(listener), { once: true });
  }

  /** Whether an outage blocks the model is the breaker's state alone: a due probe does not lift the block. */
  #blockOfCall(pool: string, { model, tenant }: Pick<CallRequest, 'model' | 'tenant'>): Block | undefined {
    return blockOf(this.#view(pool), model, tenant, this.#options.clock.now());
  }

  #useKeys(pool: string, settings: readonly KeySettings[]): void {
    const { known } = this.#pools.get(pool) ?? { known: new Map<string, RingKey>() };
    const keys: RingKey[] = [];
    for (const one of settings) {
      const fingerprint = this.#options.fingerprint(one.secret);
      const key = known.get(fingerprint) ?? new RingKey(this.#records, pool, fingerprint, one);
      key.use(one);
      known.set(fingerprint, key);
      keys.push(key);
    }
    for (const key of known.values()) if (!keys.includes(key)) key.remove();
    this.#pools.set(pool, { known, keys });
  }

  #view(pool: string): PoolView {
    return this.#records.view(
      pool,
      this.#pools.get(pool)?.keys.map((key) => key.read()),
    );
  }

  /** Resolves at `at`, when a record of the pool changed, or when the signal aborts. */
  async #changeOr(pool: string, at: Instant, signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#options;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    const stop = this.#records.onChange((changed) => changed === pool && wake());
    signal.addEventListener('abort', wake, { once: true });
    store.closing.addEventListener('abort', wake, { once: true });
    try {
      await clock.sleep(at, woken.signal).catch(() => undefined);
    } finally {
      stop();
      signal.removeEventListener('abort', wake);
      store.closing.removeEventListener('abort', wake);
    }
  }

  /** The probe is taken before the key: a key without the probe must not be counted. */
  async #reserveProbe(pool: string, call: CallRequest): Promise<HeldKey | Block> {
    const id = this.#options.nextId();
    const { holdFor } = this.#options;
    const health = this.#records.health(pool, call.model);
    const probe = { id, task: call.task };
    const stored = await health.change((record, now) => startProbe(record, probe, now, holdFor), reservePatience);
    const giveBack = (): void => void health.change((record) => returnProbe(record, id), patience);
    if (!stored) giveBack();
    if (!stored) throw unanswered();
    if (!isProbe(health.read(), id)) return this.#blockOfCall(pool, call) ?? this.reserve(pool, call);
    try {
      const held = await this.#reserveKey(pool, call, id, true);
      if (!('secret' in held)) giveBack();
      return held;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #reserveKey(pool: string, call: CallRequest, id: string, probes: boolean): Promise<HeldKey | Block> {
    const own = this.#pools.get(pool);
    if (own === undefined) return this.#held(pool, call, { id, key: undefined, stampedAt: 0, isProbe: probes });
    // Another process may take the last request of each key first.
    for (let tries = 0; tries < own.keys.length + 3; tries += 1) {
      const key = this.#bestKey(own, call.model);
      if (key === undefined) break;
      const stampedAt = await this.#grant(key, call, id);
      if (stampedAt !== undefined) return this.#held(pool, call, { id, key, stampedAt, isProbe: probes });
    }
    // The last request may have been taken at this moment.
    return this.#blockOfKeys(pool, call) ?? plainBlock('RateLimit', this.#options.clock.now() + 1_000);
  }

  /** The block apart from an outage. */
  #blockOfKeys(pool: string, { model, tenant }: CallRequest): Block | undefined {
    return blockOf({ ...this.#view(pool), health: healthy }, model, tenant, this.#options.clock.now());
  }

  /** The key with the fewest requests in flight; a refused key that may be tried again comes last. */
  #bestKey({ keys }: OwnPool, model: string): RingKey | undefined {
    const now = this.#options.clock.now();
    const ranked = keys.flatMap((key) => {
      const record = key.read();
      if (roomFor(record, model, now) < 1) return [];
      return [{ key, isTrial: record.refusal !== null, busy: inFlight(record, now) + key.pending }];
    });
    return ranked.toSorted((a, b) => Number(a.isTrial) - Number(b.isTrial) || a.busy - b.busy)[0]?.key;
  }

  /** When the request was stamped; undefined if the key has no room any more. Throws if NATS does not answer. */
  async #grant(key: RingKey, { model }: CallRequest, id: string): Promise<Instant | undefined> {
    const { holdFor } = this.#options;
    let stampedAt: Instant | undefined;
    key.pending += 1;
    const stored = await key.change((record, now) => {
      // An earlier write may have been stored although its answer was lost.
      const earlier = holdOf(record, id, now);
      stampedAt = earlier === undefined ? freshStamp(record, model, now) : earlier.second * 1_000;
      return stampedAt === undefined ? record : grantCall(record, id, now, holdFor);
    }, reservePatience);
    key.pending -= 1;
    if (stored) return stampedAt;
    void key.change((record, now) => release(record, { id, model }, { outcome: 'unused' }, now), patience);
    throw unanswered();
  }

  #held(pool: string, call: CallRequest, reservation: Reservation): HeldKey {
    const { clock, stampValidFor, holdFor } = this.#options;
    const { id } = reservation;
    if (reservation.isProbe) this.#probes.set(id, { pool, model: call.model });
    const onRelease = (): void => void this.#probes.delete(id);
    const spend = (cost: number): Promise<unknown> => this.#spend(pool, call.tenant, cost);
    const health = this.#records.health(pool, call.model);
    return heldCall({ clock, call, health, spend, stampValidFor, holdFor, onRelease }, reservation);
  }

  #spend(pool: string, tenant: string, cost: number): Promise<unknown> {
    const budgets = this.#options.budgets?.[pool];
    const ofPool = this.#records.poolSpending(pool, budgets);
    const ofTenant = this.#records.tenantSpending(pool, tenant);
    return Promise.all([
      ofPool.change((record, now) => addToPool(record, cost, now), patience),
      ofTenant.change((record, now) => addToTenant(record, tenant, cost, now), patience),
    ]);
  }
}

const freshStamp = (record: KeyRecord, model: string, now: Instant): Instant | undefined =>
  roomFor(record, model, now) > 0 ? now : undefined;

const unanswered = (): GenwardenError =>
  new GenwardenError('Unavailable', 'NATS did not answer the reservation of a provider call.');
