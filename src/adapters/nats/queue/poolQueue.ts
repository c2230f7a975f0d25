// The queue of one pool in one process: decides when to pull from which lane, and keeps deliveries until a caller takes them.

import type { Msg } from '@nats-io/transport-node';
import { lanes, type Lane } from '../../../job/task.ts';
import type { Delivery } from '../../../ports/taskQueue.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Skipped } from '../log/follow.ts';
import { consumerName, streamName } from '../stream/subjects.ts';
import { receive } from './delivery.ts';
import { LanePull } from './lanePull.ts';
import { LaneWeights, weightedLanes } from './laneWeights.ts';

type Link = Pick<NatsLink, 'connection' | 'inbox' | 'prefix'>;

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

export class PoolQueue {
  readonly #link: Link;
  readonly #onSkipped: (why: Skipped) => void;
  readonly #pulls: Readonly<Record<Lane, LanePull>>;
  readonly #kept: Record<Lane, Delivery[]> = { again: [], high: [], normal: [], low: [], guest: [] };
  /** Lanes that had nothing left at the last answer. */
  readonly #empty = new Set<Lane>();
  readonly #weights = new LaneWeights();
  #waiters: Waiter[] = [];
  #fetching = false;
  #closed = false;
  #wake: () => void = () => undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(link: Link, pool: string, onSkipped: (why: Skipped) => void) {
    this.#link = link;
    this.#onSkipped = onSkipped;
    const stream = streamName(link.prefix);
    const pull = (lane: Lane): LanePull =>
      new LanePull(link, { stream, name: consumerName(pool, lane) }, (message) => this.#receive(lane, message));
    this.#pulls = {
      again: pull('again'),
      high: pull('high'),
      normal: pull('normal'),
      low: pull('low'),
      guest: pull('guest'),
    };
  }

  /** Resolves with at least one delivery, or none once the signal aborts or the queue closes. */
  claimable(atMost: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted || this.#closed || atMost < 1) return Promise.resolve([]);
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

  /** Call it after a reconnect, because the pulls were lost with the old connection. */
  renew(): void {
    for (const lane of lanes) this.#pulls[lane].renew();
  }

  /** Returns all deliveries that no caller took to the queue. */
  close(): void {
    this.#closed = true;
    while (this.#waiters.length > 0) this.#removeWaiter(this.#waiters[0]!);
    clearTimeout(this.#idle);
    for (const lane of lanes) this.#pulls[lane].close();
    this.#nakKept();
  }

  #removeWaiter(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve([]);
    this.#wake();
  }

  #receive(lane: Lane, message: Msg): void {
    const { delivery, pending } = receive(this.#link.connection, message, this.#onSkipped);
    if (pending === 0) this.#empty.add(lane);
    else this.#empty.delete(lane);
    if (this.#closed) delivery?.nak(0);
    else if (delivery !== undefined) this.#kept[lane].push(delivery);
    this.#nakWhenIdle();
    // Also for a skipped message: the standing pull that delivered it has ended.
    this.#wake();
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
    for (const lane of lanes) deliveries.push(...this.#kept[lane].splice(0, atMost - deliveries.length));
    return deliveries;
  }

  /** Polls the lanes that may have specs: `again` for the full demand, then the others by their weights. */
  async #poll(): Promise<void> {
    // Before the polls: otherwise new work in an empty lane would wait for as long as another lane has work.
    for (const lane of this.#empty) this.#pulls[lane].openStandingPull();
    const demand = this.#waiters.reduce((sum, { atMost }) => sum + atMost, 0);
    const missing = Math.min(maxPerPoll, demand) - (await this.#pollLane('again', Math.min(maxPerPoll, demand)));
    const shares = this.#weights.allot(
      weightedLanes.filter((lane) => this.#mayHaveSpecs(lane)),
      missing,
    );
    await Promise.all([...shares].map(([lane, atMost]) => this.#pollLane(lane, atMost)));
  }

  async #pollLane(lane: Lane, atMost: number): Promise<number> {
    if (!this.#mayHaveSpecs(lane)) return 0;
    const received = await this.#pulls[lane].poll(atMost);
    if (received < atMost) this.#empty.add(lane);
    if (received === 0) this.#pulls[lane].openStandingPull();
    return received;
  }

  #mayHaveSpecs(lane: Lane): boolean {
    return !this.#empty.has(lane) && !this.#pulls[lane].isStanding;
  }

  async #waitForDelivery(): Promise<void> {
    if (lanes.some((lane) => this.#kept[lane].length > 0 || this.#mayHaveSpecs(lane))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  #nakWhenIdle(): void {
    if (this.#fetching || this.#closed) return;
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined;
      for (const lane of lanes) this.#pulls[lane].endStanding();
      this.#nakKept();
    }, keepFor);
  }

  #nakKept(): void {
    for (const lane of lanes) for (const delivery of this.#kept[lane].splice(0)) delivery.nak(0);
  }
}
