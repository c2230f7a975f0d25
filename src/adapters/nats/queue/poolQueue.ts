// The queue of one pool in one process: decides when to pull from which part, and keeps deliveries until a caller takes them.

import type { Msg } from '@nats-io/transport-node';
import { partCount, queueParts } from '../../../job/parts.ts';
import type { Delivery, Room } from '../../../ports/taskQueue.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Skipped } from '../log/follow.ts';
import { consumerName, streamName } from '../stream/subjects.ts';
import { receive } from './delivery.ts';
import { LanePull } from './lanePull.ts';
import { PartTurns } from './partTurns.ts';
import { PulledPart, weighted } from './pulledPart.ts';

type Link = Pick<NatsLink, 'connection' | 'apiPrefix' | 'inbox' | 'prefix'>;

export interface PoolQueueOptions {
  readonly onSkipped: (why: Skipped) => void;
  readonly weightOf: (tenant: string) => number;
}

interface Waiter {
  readonly atMost: number;
  readonly resolve: (deliveries: readonly Delivery[]) => void;
}

/**
 * How long standing pulls stay open, and their deliveries are kept, without a waiting caller, ms. Then other workers get
 * them: their ack wait of 5 s is running, and a worker with full slots may be busy for a minute. It is short because
 * a requeued task may be delivered to one full worker after another; quick tasks free a slot sooner.
 */
const keepFor = 25;
const maxPerPoll = 500;
/** How long a task whose tenant has no room stays out of the way of those behind it, ms. */
const withoutRoomFor = 200;

const unlimited: Room = () => Infinity;

export class PoolQueue {
  readonly #link: Link;
  readonly #options: PoolQueueOptions;
  readonly #parts: readonly PulledPart[];
  readonly #again: PulledPart;
  readonly #turns = new PartTurns();
  #room: Room = unlimited;
  #waiters: Waiter[] = [];
  #fetching = false;
  #closed = false;
  #wake: () => void = () => undefined;
  /** The parts that were held when this queue began to wait. */
  #held: readonly PulledPart[] = [];
  #idle: NodeJS.Timeout | undefined;

  constructor(link: Link, pool: string, options: PoolQueueOptions) {
    this.#link = link;
    this.#options = options;
    const stream = streamName(link.prefix);
    this.#parts = queueParts.map((at) => {
      const consumer = { stream, name: consumerName(pool, at), isQuiet: at.part !== undefined };
      const pulled: PulledPart = new PulledPart(
        at,
        new LanePull(link, consumer, (message) => this.#receive(pulled, message)),
      );
      return pulled;
    });
    this.#again = this.#parts.find(({ lane }) => lane === 'again')!;
  }

  get partsServed(): number {
    return this.#parts.some(({ isTenantPart, pull }) => isTenantPart && pull.isMissing) ? 0 : partCount;
  }

  /** Resolves with at least one delivery, or none once the signal aborts or the queue closes. */
  claimable(atMost: number, signal: AbortSignal, room: Room = unlimited): Promise<readonly Delivery[]> {
    if (signal.aborted || this.#closed || atMost < 1) return Promise.resolve([]);
    this.#room = room;
    return new Promise((resolve) => {
      const abort = (): void => this.#removeWaiter(waiter);
      const waiter: Waiter = {
        atMost,
        resolve: (deliveries) => {
          signal.removeEventListener('abort', abort);
          resolve(deliveries);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      void this.#fetchWhileWanted();
    });
  }

  roomChanged(): void {
    if (this.#held.some((part) => !part.isHeld(this.#room))) this.#wake();
  }

  /** Call it after a reconnect, because the pulls were lost with the old connection. */
  renew(): void {
    for (const { pull } of this.#parts) pull.renew();
  }

  /** Returns all deliveries that no caller took to the queue. */
  close(): void {
    this.#closed = true;
    while (this.#waiters.length > 0) this.#removeWaiter(this.#waiters[0]!);
    clearTimeout(this.#idle);
    for (const { pull } of this.#parts) pull.close();
    this.#nakKept();
  }

  #removeWaiter(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve([]);
    this.#wake();
  }

  #receive(from: PulledPart, message: Msg): void {
    const { delivery, pending } = receive(this.#link.connection, message, this.#options.onSkipped);
    from.isEmpty = pending === 0;
    if (this.#closed) delivery?.nak(0);
    else if (delivery !== undefined) this.#keep(from, delivery);
    this.#nakWhenIdle();
    // Also for a skipped message: the standing pull that delivered it has ended.
    this.#wake();
  }

  #keep(from: PulledPart, delivery: Delivery): void {
    if (from.delivered(delivery, this.#room, performance.now())) from.kept.push(delivery);
    else delivery.nak(withoutRoomFor);
  }

  async #fetchWhileWanted(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    clearTimeout(this.#idle);
    this.#idle = undefined;
    // A closed connection accepts no pulls: callers then wait for their signal, or for this queue to close.
    while (this.#resolveWaiters() > 0 && this.#connectionIsOpen()) {
      await this.#poll();
      if (this.#resolveWaiters() === 0) break;
      await this.#waitForDelivery();
    }
    this.#fetching = false;
    this.#nakWhenIdle();
  }

  #connectionIsOpen(): boolean {
    const { connection } = this.#link;
    return !connection.isClosed() && !connection.isDraining();
  }

  /** Passes the kept deliveries to the waiting callers; returns how many still wait. */
  #resolveWaiters(): number {
    while (this.#waiters.length > 0) {
      const deliveries = this.#takeKept(this.#waiters[0]!.atMost);
      if (deliveries.length === 0) break;
      this.#waiters.shift()!.resolve(deliveries);
    }
    return this.#waiters.length;
  }

  #takeKept(atMost: number): Delivery[] {
    const deliveries: Delivery[] = [];
    for (const { kept } of this.#parts) deliveries.push(...kept.splice(0, atMost - deliveries.length));
    return deliveries;
  }

  /** Polls the parts that may have specs: `again` for the full demand, then the others by their weights. */
  async #poll(): Promise<void> {
    // Before the polls: otherwise new work in an empty lane would wait for as long as another lane has work.
    for (const { isEmpty, isTenantPart, pull } of this.#parts) if (isEmpty && !isTenantPart) pull.openStandingPull();
    const demand = Math.min(
      maxPerPoll,
      this.#waiters.reduce((sum, { atMost }) => sum + atMost, 0),
    );
    const missing = demand - (await this.#pollPart(this.#again, demand));
    const now = performance.now();
    const checks = this.#parts.filter((part) => part.isToBeChecked(this.#room, now));
    const ready = this.#parts.filter(
      (part) => part !== this.#again && part.mayHaveSpecs() && !part.isHeld(this.#room) && !checks.includes(part),
    );
    const shares = this.#turns.allot(weighted(ready, this.#options.weightOf), missing);
    await Promise.all([
      ...[...shares].map(([{ of }, atMost]) => this.#pollPart(of, this.#limited(of, atMost))),
      ...checks.map((part) => this.#check(part, now)),
    ]);
  }

  /** Not more tasks than may start. */
  #limited(part: PulledPart, atMost: number): number {
    return part.isTenantPart ? Math.max(1, Math.min(atMost, part.places(this.#room))) : atMost;
  }

  #check(part: PulledPart, now: number): Promise<number> {
    part.look(now);
    return this.#pollPart(part, 1);
  }

  async #pollPart(part: PulledPart, atMost: number): Promise<number> {
    if (atMost === 0 || (!part.isTenantPart && !part.mayHaveSpecs())) return 0;
    const received = await part.pull.poll(atMost);
    if (received < atMost) part.answered(received);
    if (received === 0 && !part.isTenantPart) part.pull.openStandingPull();
    return received;
  }

  /** Nothing more to poll: opens the standing pulls of the tenant parts, too, and waits. */
  async #waitForDelivery(): Promise<void> {
    if (this.#parts.some((part) => part.kept.length > 0 || (part.mayHaveSpecs() && !part.isHeld(this.#room)))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    for (const part of this.#parts) {
      if (!part.isTenantPart || !part.isEmpty) continue;
      if (part.isHeld(this.#room)) part.pull.endStanding();
      else part.pull.openStandingPull();
    }
    this.#held = this.#parts.filter((part) => part.isHeld(this.#room));
    const timer = this.#held.length === 0 ? undefined : setTimeout(resolve, this.#untilNextLook());
    await promise;
    clearTimeout(timer);
    this.#held = [];
  }

  /** ms; a little more at random, so that idle workers do not look at the same moment. */
  #untilNextLook(): number {
    const next = Math.min(...this.#held.map((part) => part.nextLook(this.#room)));
    return Math.max(1, next - performance.now()) * (1 + Math.random() / 5);
  }

  #nakWhenIdle(): void {
    if (this.#fetching || this.#closed) return;
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined;
      for (const { pull } of this.#parts) pull.endStanding();
      this.#nakKept();
    }, keepFor);
  }

  #nakKept(): void {
    for (const { kept } of this.#parts) for (const delivery of kept.splice(0)) delivery.nak(0);
  }
}
