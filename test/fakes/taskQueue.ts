// The task queue in memory, over the specs of a stream in memory. Redelivery follows the given clock. A test can make
// deliveries itself, take consumers or messages away, and say what the queue counts.

import { servingPool } from '../../src/job/target.ts';
import { lanes, type Instant, type Lane, type Priority, type Sequence } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { GenwardenError } from '../../src/job/errors/index.ts';
import type { DetailedEntry } from '../../src/ports/jobLog.ts';
import type { Delivery, Pause, QueueDepth, SpecEntry, TaskQueue } from '../../src/ports/taskQueue.ts';
import type { FakeStream, StoredMessage } from './stream.ts';

export interface FakeTaskQueueOptions {
  readonly stream: FakeStream;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** From delivery to redelivery, ms; default 5,000. */
  readonly ackWait?: number;
  readonly onSkipped?: (why: 'newerSchema') => void;
}

export interface FakeTaskQueue extends TaskQueue {
  /** How many specs each call of `claimable` asked for. */
  readonly asked: readonly number[];
  /** The pool of each call of `ensurePool`. */
  readonly ensured: readonly string[];
  /** What `depth` answers in place of what was counted. */
  depths: QueueDepth | undefined;
  /** Delivers an entry once to the next that asks, whatever its pool, and notes how it is answered. */
  offer(entry: DetailedEntry): OfferedDelivery;
  /** Deletes the pool's consumers: nothing is delivered until `ensurePool` creates new ones, which start from the beginning. */
  forget(pool: string): void;
  /** Counts everything stored so far as acknowledged without delivering it, as a bug would. */
  lose(pool: string): void;
}

export interface OfferedDelivery extends Delivery {
  /** `ack`, `nak <ms>` or `working`. */
  readonly answers: readonly string[];
}

export function fakeTaskQueue(options: FakeTaskQueueOptions): FakeTaskQueue {
  return new StreamTaskQueue(options);
}

interface Offer {
  readonly message: StoredMessage;
  deliveries: number;
  /** When it may be delivered; in the future while a worker holds it. */
  from: Instant;
}

interface Pool {
  /** Specs up to here have been taken over into `offers`. */
  seen: Sequence;
  turn: number;
  /** Nothing is delivered before; 0 for no pause, infinite for one without an end. */
  pausedUntil: Instant;
  readonly offers: Record<Lane, Offer[]>;
}

/** high : normal : low as 6 : 3 : 1, spread evenly. */
const order: readonly Priority[] = [
  'high',
  'normal',
  'high',
  'high',
  'normal',
  'high',
  'low',
  'high',
  'normal',
  'high',
];
const forNewerProcesses = 30_000;
/** Created once, because an abort without a reason creates an error with a stack trace. */
const wokenUp = new Error('something happened');

class StreamTaskQueue implements FakeTaskQueue {
  readonly #options: Required<FakeTaskQueueOptions>;
  readonly #pools = new Map<string, Pool>();
  readonly #closing = new AbortController();
  readonly #changes = new Set<() => void>();
  readonly #stopListening: () => void;
  readonly #offered: OfferedDelivery[] = [];
  readonly asked: number[] = [];
  readonly ensured: string[] = [];
  depths: QueueDepth | undefined;
  #epoch: string;

  constructor(options: FakeTaskQueueOptions) {
    this.#options = { ackWait: 5_000, onSkipped: () => undefined, ...options };
    this.#epoch = options.stream.epoch;
    this.#stopListening = options.stream.onChange(() => this.#changed());
  }

  async claimable(pool: string, atMost: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.asked.push(atMost);
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    while (!ending.aborted && atMost > 0) {
      const deliveries = this.#take(pool, atMost);
      if (deliveries.length > 0) return deliveries;
      await this.#something(pool, ending);
    }
    // What arrives as the caller stops is delivered all the same.
    return this.#offered.splice(0, atMost);
  }

  async ensurePool(pool: string): Promise<void> {
    this.ensured.push(pool);
    if (this.#pools.has(pool)) return;
    this.#pools.set(pool, {
      seen: 0,
      turn: 0,
      pausedUntil: 0,
      offers: { again: [], high: [], normal: [], low: [], guest: [] },
    });
    this.#changed();
  }

  offer(entry: DetailedEntry): OfferedDelivery {
    const answers: string[] = [];
    const delivery: OfferedDelivery = {
      entry: entry as SpecEntry,
      redelivered: false,
      answers,
      ack: () => void answers.push('ack'),
      nak: (delay) => void answers.push(`nak ${delay}`),
      working: () => void answers.push('working'),
    };
    this.#offered.push(delivery);
    this.#changed();
    return delivery;
  }

  forget(pool: string): void {
    this.#pools.delete(pool);
  }

  lose(pool: string): void {
    for (const offers of Object.values(this.#offersOf(pool)?.offers ?? {})) offers.length = 0;
  }

  async depth(pool: string): Promise<QueueDepth> {
    if (this.depths !== undefined) return this.depths;
    const offers = this.#offersOf(pool)?.offers;
    const count = (lane: Lane): number => offers?.[lane].filter(({ deliveries }) => deliveries === 0).length ?? 0;
    const out = lanes.flatMap((lane) => offers?.[lane] ?? []).filter(({ deliveries }) => deliveries > 0);
    return {
      lanes: {
        again: count('again'),
        high: count('high'),
        normal: count('normal'),
        low: count('low'),
        guest: count('guest'),
      },
      unacknowledged: out.length,
    };
  }

  async ackFloors(pool: string): Promise<Record<Lane, Sequence>> {
    const found = this.#offersOf(pool);
    const floor = (lane: Lane): Sequence =>
      found === undefined ? 0 : Math.min(found.seen, ...found.offers[lane].map(({ message }) => message.sequence - 1));
    return {
      again: floor('again'),
      high: floor('high'),
      normal: floor('normal'),
      low: floor('low'),
      guest: floor('guest'),
    };
  }

  async pause(pool: string, until: Instant = Infinity): Promise<void> {
    const paused = this.#offersOf(pool);
    if (paused === undefined) throw new GenwardenError('Unavailable', `Pool ${pool} has no queue yet.`);
    paused.pausedUntil = until;
    this.#changed();
  }

  async resume(pool: string): Promise<void> {
    await this.pause(pool, 0);
  }

  async paused(pool: string): Promise<Pause | undefined> {
    const until = this.#offersOf(pool)?.pausedUntil ?? 0;
    if (until <= this.#options.clock.now()) return undefined;
    return { until: until === Infinity ? null : until };
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#closing.abort();
  }

  #changed(): void {
    for (const change of this.#changes) change();
  }

  /** The pool with all specs that are in the stream by now. */
  #offersOf(name: string): Pool | undefined {
    const { stream } = this.#options;
    if (stream.epoch !== this.#epoch) {
      this.#epoch = stream.epoch;
      this.#pools.clear();
    }
    const pool = this.#pools.get(name);
    if (pool === undefined) return undefined;
    for (let next = stream.after(pool.seen); next !== undefined; next = stream.after(pool.seen)) {
      pool.seen = next.sequence;
      const { state } = next;
      if (state.state !== 'queued' || servingPool(state) !== name) continue;
      pool.offers[state.lane].push({ message: next, deliveries: 0, from: 0 });
    }
    return pool;
  }

  #take(name: string, atMost: number): Delivery[] {
    const pool = this.#offersOf(name);
    const deliveries: Delivery[] = this.#offered.splice(0, atMost);
    if (pool !== undefined && pool.pausedUntil > this.#options.clock.now()) return deliveries;
    while (pool !== undefined && deliveries.length < atMost) {
      const lane = this.#nextLane(pool);
      if (lane === undefined) break;
      const delivery = this.#deliver(pool.offers[lane]);
      if (delivery !== undefined) deliveries.push(delivery);
    }
    return deliveries;
  }

  #nextLane(pool: Pool): Lane | undefined {
    if (this.#ready(pool.offers.again) !== undefined) return 'again';
    for (let tries = 0; tries < order.length; tries += 1) {
      const lane = order[pool.turn++ % order.length]!;
      if (this.#ready(pool.offers[lane]) !== undefined) return lane;
    }
    return this.#ready(pool.offers.guest) === undefined ? undefined : 'guest';
  }

  #ready(offers: readonly Offer[]): Offer | undefined {
    const now = this.#options.clock.now();
    return offers.find(({ from }) => from <= now);
  }

  #deliver(offers: Offer[]): Delivery | undefined {
    const { clock, ackWait, onSkipped } = this.#options;
    const offer = this.#ready(offers)!;
    offer.deliveries += 1;
    if (offer.message.newer) {
      offer.from = clock.now() + forNewerProcesses;
      onSkipped('newerSchema');
      return undefined;
    }
    offer.from = clock.now() + ackWait;
    const delivered = offer.deliveries;
    return {
      entry: offer.message as unknown as SpecEntry,
      redelivered: offer.deliveries > 1,
      ack: () => {
        const at = offers.indexOf(offer);
        if (at >= 0) offers.splice(at, 1);
      },
      nak: (delay) => {
        offer.from = clock.now() + delay;
        this.#changed();
      },
      working: () => {
        if (offer.deliveries === delivered) offer.from = clock.now() + ackWait;
      },
    };
  }

  /** Until something is put in or given back, or the next redelivery is due. */
  async #something(name: string, signal: AbortSignal): Promise<void> {
    const pool = this.#offersOf(name);
    const offers = Object.values(pool?.offers ?? {}).flat();
    const next = Math.max(pool?.pausedUntil ?? 0, Math.min(...offers.map(({ from }) => from)));
    const settled = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changes.add(resolve);
    const waits = AbortSignal.any([signal, settled.signal]);
    waits.addEventListener('abort', () => resolve(), { once: true });
    if (next < Infinity) void this.#options.clock.sleep(next, waits).then(resolve, () => undefined);
    if (signal.aborted) resolve();
    await promise;
    this.#changes.delete(resolve);
    settled.abort(wokenUp);
  }
}
