// The queue of one pool in one process: decides which lane is asked when, and keeps what came until somebody wants it.

import type { Msg } from '@nats-io/transport-node';
import { lanes, type Lane, type Priority } from '../../../job/task.ts';
import type { Delivery } from '../../../ports/taskQueue.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Skipped } from '../log/follow.ts';
import { LanePull } from './pullLane.ts';
import { Turns } from './laneWeights.ts';
import { consumerName } from '../stream/subjects.ts';
import { receive } from './delivery.ts';

export interface PoolQueueOptions {
  readonly link: Pick<NatsLink, 'connection' | 'inbox'>;
  readonly stream: string;
  readonly pool: string;
  readonly onSkipped: (why: Skipped) => void;
}

interface Waiter {
  readonly atMost: number;
  readonly resolve: (deliveries: readonly Delivery[]) => void;
}

/**
 * How long standing pulls stay out, and what they brought is kept, with nobody waiting, ms. Then others shall have it:
 * its ack wait of 5 s runs, and a worker whose slots are full may be busy for a minute. A task that is queued again may
 * come to one full worker after the other, so it is short; quick tasks free a slot sooner.
 */
const keepFor = 25;
const mostAtOnce = 500;
const priorities: readonly Priority[] = ['high', 'normal', 'low'];

export class PoolQueue {
  readonly #options: PoolQueueOptions;
  readonly #pulls: Readonly<Record<Lane, LanePull>>;
  readonly #kept: Record<Lane, Delivery[]> = { again: [], high: [], normal: [], low: [] };
  /** Lanes that had nothing left when last heard of. */
  readonly #empty = new Set<Lane>();
  readonly #turns = new Turns();
  #waiters: Waiter[] = [];
  #pumping = false;
  #closed = false;
  #wake: () => void = () => undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: PoolQueueOptions) {
    this.#options = options;
    const pull = (lane: Lane): LanePull =>
      new LanePull(options.link, options.stream, consumerName(options.pool, lane), {
        onMessage: (message) => this.#take(lane, message),
      });
    this.#pulls = { again: pull('again'), high: pull('high'), normal: pull('normal'), low: pull('low') };
  }

  /** Resolves with at least one delivery, or none once the signal aborts or the queue closes. */
  claimable(atMost: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted || this.#closed || atMost < 1) return Promise.resolve([]);
    return new Promise((resolve) => {
      const abort = (): void => this.#leave(waiter);
      const waiter: Waiter = {
        atMost,
        resolve: (deliveries) => {
          signal.removeEventListener('abort', abort);
          resolve(deliveries);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      void this.#pump();
    });
  }

  /** After a reconnect: the pulls went with the old connection. */
  renew(): void {
    for (const lane of lanes) this.#pulls[lane].renew();
  }

  /** Gives back what nobody took. */
  close(): void {
    this.#closed = true;
    while (this.#waiters.length > 0) this.#leave(this.#waiters[0]!);
    clearTimeout(this.#idle);
    for (const lane of lanes) this.#pulls[lane].close();
    this.#giveBackKept();
  }

  #leave(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.resolve([]);
    this.#wake();
  }

  #take(lane: Lane, message: Msg): void {
    const { link, onSkipped } = this.#options;
    const { delivery, pending } = receive(link.connection, message, onSkipped);
    if (pending === 0) this.#empty.add(lane);
    else this.#empty.delete(lane);
    if (this.#closed) delivery?.giveBack(0);
    else if (delivery !== undefined) this.#kept[lane].push(delivery);
    this.#restWhenIdle();
    // For a message that must be left alone as well: the standing pull that brought it is spent.
    this.#wake();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    clearTimeout(this.#idle);
    this.#idle = undefined;
    // A closed connection takes no pulls: those who wait then wait for their signal, or for this queue to be closed.
    while (this.#serve() > 0 && this.#connectionIsOpen()) {
      await this.#poll();
      if (this.#serve() === 0) break;
      await this.#something();
    }
    this.#pumping = false;
    this.#restWhenIdle();
  }

  #connectionIsOpen(): boolean {
    const { connection } = this.#options.link;
    return !connection.isClosed() && !connection.isDraining();
  }

  /** Hands out what is kept; answers how many still wait. */
  #serve(): number {
    while (this.#waiters.length > 0) {
      const deliveries = this.#handOut(this.#waiters[0]!.atMost);
      if (deliveries.length === 0) break;
      this.#waiters.shift()!.resolve(deliveries);
    }
    return this.#waiters.length;
  }

  #handOut(atMost: number): Delivery[] {
    const deliveries: Delivery[] = [];
    for (const lane of lanes) deliveries.push(...this.#kept[lane].splice(0, atMost - deliveries.length));
    return deliveries;
  }

  /** Asks the lanes that may have something: `again` for all that is wanted, then the others by their turns. */
  async #poll(): Promise<void> {
    // First of all, or work for an empty lane would wait for as long as another lane has some.
    for (const lane of this.#empty) this.#pulls[lane].stand();
    const wanted = this.#waiters.reduce((sum, { atMost }) => sum + atMost, 0);
    const missing = Math.min(mostAtOnce, wanted) - (await this.#pollLane('again', Math.min(mostAtOnce, wanted)));
    const turns = this.#turns.allot(
      priorities.filter((lane) => this.#mayHave(lane)),
      missing,
    );
    await Promise.all([...turns].map(([lane, atMost]) => this.#pollLane(lane, atMost)));
  }

  async #pollLane(lane: Lane, atMost: number): Promise<number> {
    if (!this.#mayHave(lane)) return 0;
    const came = await this.#pulls[lane].poll(atMost);
    if (came < atMost) this.#empty.add(lane);
    if (came === 0) this.#pulls[lane].stand();
    return came;
  }

  #mayHave(lane: Lane): boolean {
    return !this.#empty.has(lane) && !this.#pulls[lane].stands;
  }

  async #something(): Promise<void> {
    if (lanes.some((lane) => this.#kept[lane].length > 0 || this.#mayHave(lane))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  #restWhenIdle(): void {
    if (this.#pumping || this.#closed) return;
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined;
      for (const lane of lanes) this.#pulls[lane].sitDown();
      this.#giveBackKept();
    }, keepFor);
  }

  #giveBackKept(): void {
    for (const lane of lanes) for (const delivery of this.#kept[lane].splice(0)) delivery.giveBack(0);
  }
}
