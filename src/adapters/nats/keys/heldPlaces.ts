// The places of running tasks that this process holds, and what it knows about those of others.

import { plainBlock, type Block } from '../../../job/block.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Flow } from '../../../job/parts.ts';
import { isLimited, type RunningLimits } from '../../../job/shares.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Place, PlaceRequest } from '../../../ports/keyRing.ts';
import {
  holdsPlace,
  keepOnly,
  leavePlace,
  limitBlock,
  renewPlaces,
  roomIn,
  takePlace,
  type PlaceClaim,
} from './places.ts';
import type { PoolRecords } from './poolRecords.ts';
import { patience } from './store.ts';

export interface HeldPlacesOptions {
  readonly records: PoolRecords;
  readonly clock: Clock;
  readonly limits: (pool: string) => RunningLimits;
  readonly nextId: () => string;
}

interface OwnPlace extends PlaceClaim {
  readonly pool: string;
}

/** For one place, ms. */
const takePatience = 5_000;

/** A task without a limit needs no place, and costs no write. */
const unlimited: Place = { claimed: () => undefined, release: () => Promise.resolve() };

export class HeldPlaces {
  readonly #options: HeldPlacesOptions;
  readonly #own = new Map<string, OwnPlace>();

  constructor(options: HeldPlacesOptions) {
    this.#options = options;
  }

  /** Rejects if NATS does not answer for some seconds. */
  async take(pool: string, { flow, task }: PlaceRequest): Promise<Place | Block> {
    const { records, limits, nextId, clock } = this.#options;
    if (!isLimited(limits(pool), flow)) return unlimited;
    const own: OwnPlace = { pool, task, flow, id: nextId() };
    const ledger = records.places(pool, flow.tenant);
    let isHeld = false;
    const stored = await ledger.change((record, now) => {
      const next = takePlace(record, own, limits(pool), now);
      isHeld = holdsPlace(next, own, now);
      return next;
    }, takePatience);
    if (stored && isHeld) return this.#place(own);
    if (stored) return this.block(pool, flow) ?? plainBlock('TenantLimit', clock.now() + 1_000);
    void ledger.change((record) => leavePlace(record, own), patience);
    throw new GenwardenError('Unavailable', 'NATS did not answer the request for a place of a task.');
  }

  /** From memory. */
  room(pool: string, flow: Flow): number {
    const { records, limits, clock } = this.#options;
    if (!isLimited(limits(pool), flow)) return Infinity;
    return roomIn(records.placesSeen(pool, flow.tenant), flow, limits(pool), clock.now());
  }

  /** From memory. */
  block(pool: string, flow: Flow): Block | undefined {
    const { records, limits, clock } = this.#options;
    if (!isLimited(limits(pool), flow)) return undefined;
    return limitBlock(records.placesSeen(pool, flow.tenant), flow, { limits: limits(pool), pool }, clock.now());
  }

  /** Never rejects. */
  async renew(patienceMs: number): Promise<void> {
    const { records } = this.#options;
    const byRecord = Map.groupBy(this.#own.values(), ({ pool, flow }) => records.places(pool, flow.tenant));
    const renewals = [...byRecord.keys()].map((ledger) =>
      ledger.change((record, now) => {
        const held = [...this.#own.values()].filter(({ pool, flow }) => records.places(pool, flow.tenant) === ledger);
        return renewPlaces(record, held, now);
      }, patienceMs),
    );
    await Promise.all(renewals);
  }

  #place(own: OwnPlace): Place {
    const ledger = this.#options.records.places(own.pool, own.flow.tenant);
    this.#own.set(own.id, own);
    return {
      claimed: () => void ledger.change((record) => keepOnly(record, own), patience),
      release: async () => {
        if (!this.#own.delete(own.id)) return;
        await ledger.change((record) => leavePlace(record, own), patience);
      },
    };
  }
}
