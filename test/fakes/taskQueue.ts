// The task queue in memory, over the specs of a stream in memory. Redelivery follows the given clock. A test can make
// deliveries itself, take consumers or messages away, and say what the queue counts.

import { servingPool } from '../../src/job/target.ts';
import { flowOf, partCount, placeOf, queueParts, type QueuePart } from '../../src/job/parts.ts';
import { lanes, type Instant, type Lane, type Queued, type Sequence } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { GenwardenError } from '../../src/job/errors/index.ts';
import type { DetailedEntry } from '../../src/ports/jobLog.ts';
import type { AckFloors, Delivery, Pause, QueueDepth, Room, SpecEntry, TaskQueue } from '../../src/ports/taskQueue.ts';
import { laneToken } from '../../src/adapters/nats/stream/subjects.ts';
import { PartTurns } from '../../src/adapters/nats/queue/partTurns.ts';
import { weighted } from '../../src/adapters/nats/queue/pulledPart.ts';
import { roomLeft, type RoomLeft } from './roomLeft.ts';
import type { FakeStream, StoredMessage } from './stream.ts';

export interface FakeTaskQueueOptions {
  readonly stream: FakeStream;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** From delivery to redelivery, ms; default 5,000. */
  readonly ackWait?: number;
  readonly onSkipped?: (why: 'newerSchema') => void;
  /** The weight of a tenant; default 1. */
  readonly weightOf?: (tenant: string) => number;
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
  readonly turns: PartTurns;
  /** Nothing is delivered before; 0 for no pause, infinite for one without an end. */
  pausedUntil: Instant;
  /** By lane, or lane and tenant part. */
  readonly offers: Map<string, Offer[]>;
}

const unlimited: Room = () => Infinity;
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
    this.#options = { ackWait: 5_000, onSkipped: () => undefined, weightOf: () => 1, ...options };
    this.#epoch = options.stream.epoch;
    this.#stopListening = options.stream.onChange(() => this.#changed());
  }

  async claimable(pool: string, atMost: number, signal: AbortSignal, room = unlimited): Promise<readonly Delivery[]> {
    this.asked.push(atMost);
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    while (!ending.aborted && atMost > 0) {
      const deliveries = this.#take(pool, atMost, room);
      if (deliveries.length > 0) return deliveries;
      await this.#something(pool, ending);
    }
    // What arrives as the caller stops is delivered all the same.
    return this.#offered.splice(0, atMost);
  }

  roomChanged(): void {
    this.#changed();
  }

  partsServed(): number {
    return partCount;
  }

  async ensurePool(pool: string): Promise<void> {
    this.ensured.push(pool);
    if (this.#pools.has(pool)) return;
    this.#pools.set(pool, {
      seen: 0,
      turns: new PartTurns(),
      pausedUntil: 0,
      offers: new Map(),
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
    for (const offers of this.#offersOf(pool)?.offers.values() ?? []) offers.length = 0;
  }

  async depth(pool: string): Promise<QueueDepth> {
    if (this.depths !== undefined) return this.depths;
    const depths = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>;
    let unacknowledged = 0;
    for (const { message, deliveries } of [...(this.#offersOf(pool)?.offers.values() ?? [])].flat()) {
      if (deliveries === 0) depths[(message.state as Queued).lane] += 1;
      else unacknowledged += 1;
    }
    return { lanes: depths, unacknowledged };
  }

  async ackFloors(pool: string): Promise<AckFloors> {
    const found = this.#offersOf(pool);
    return (at) => {
      if (found === undefined) return 0;
      const open = found.offers.get(laneToken(at)) ?? [];
      return Math.min(found.seen, ...open.map(({ message }) => message.sequence - 1));
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
      offersAt(pool, placeOf(state)).push({ message: next, deliveries: 0, from: 0 });
    }
    return pool;
  }

  #take(name: string, atMost: number, room: Room): Delivery[] {
    const pool = this.#offersOf(name);
    const deliveries: Delivery[] = this.#offered.splice(0, atMost);
    if (pool !== undefined && pool.pausedUntil > this.#options.clock.now()) return deliveries;
    const left = roomLeft(room);
    while (pool !== undefined && deliveries.length < atMost) {
      const next = this.#nextOffer(pool, left);
      if (next === undefined) break;
      const delivery = this.#deliver(pool.offers.get(laneToken(next.at))!, next.offer);
      if (delivery === undefined) continue;
      deliveries.push(delivery);
      left.take(flowOf(delivery.entry.state));
    }
    return deliveries;
  }

  /** The next task of the part whose turn it is; tasks without room are left in their tenant part. */
  #nextOffer(pool: Pool, left: RoomLeft): { at: QueuePart; offer: Offer } | undefined {
    const now = this.#options.clock.now();
    const ready = queueParts.flatMap((at) => {
      const offers = pool.offers.get(laneToken(at)) ?? [];
      const mayStart = ({ message }: Offer): boolean =>
        at.part === undefined || message.newer || left.of(flowOf(message.state)) > 0;
      const offer = offers.find((one) => one.from <= now && mayStart(one));
      if (offer === undefined) return [];
      const tenants = (): Set<string> => new Set(offers.map(({ message }) => message.state.of.tenant));
      return [{ ...at, tenants, next: { at, offer } }];
    });
    const again = ready.find(({ lane }) => lane === 'again');
    if (again !== undefined) return again.next;
    return [...pool.turns.allot(weighted(ready, this.#options.weightOf), 1).keys()][0]?.of.next;
  }

  #deliver(offers: Offer[], offer: Offer): Delivery | undefined {
    const { clock, ackWait, onSkipped } = this.#options;
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
    const offers = [...(pool?.offers.values() ?? [])].flat();
    const now = this.#options.clock.now();
    // Those that are due already wait for room, or for the end of the pause.
    const due = offers.map(({ from }) => from).filter((from) => from > now);
    const paused = pool !== undefined && pool.pausedUntil > now && offers.length > 0 ? [pool.pausedUntil] : [];
    const next = Math.min(...due, ...paused);
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

function offersAt({ offers }: Pool, at: QueuePart): Offer[] {
  const known = offers.get(laneToken(at)) ?? [];
  offers.set(laneToken(at), known);
  return known;
}
