// One process's connection to NATS with delay, loss, repetition, partition, and answers to requests of a process that has
// ended since.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { ClosedConnection } from '../../src/adapters/nats/heartbeats/connectionLosses.ts';
import type { Connection } from './connection.ts';
import type { Server } from './server.ts';
import type { Process } from './time/process.ts';
import type { NetworkFaults } from './network.ts';

/** As in the NATS adapter: for one try, and for all of them. */
const tryTimeout = 2_000;
const requestTimeout = 10_000;

export type LinkStatus = 'disconnected' | 'reconnected' | 'stalled';

export class Link implements Connection {
  readonly process: Process;
  readonly server: Server;
  readonly network: NetworkFaults;
  /** The id of the present connection. */
  client: number;
  #up = true;
  #cut = false;
  #arrivesAfter = 0;
  #leavesAfter = 0;
  readonly #listeners = new Set<(status: LinkStatus) => void>();

  constructor(process: Process, server: Server, network: NetworkFaults) {
    this.process = process;
    this.server = server;
    this.network = network;
    this.client = server.nextClient();
    server.links.add(this);
    process.onEnd(() => this.close('Client Closed'));
    this.#notifySystem({ kind: 'connect', reason: '' });
  }

  get up(): boolean {
    return this.#up;
  }

  /** Calls `listener`, in its process, at each change of the connection. */
  onStatus(listener: (status: LinkStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** JetStream has stopped answering. */
  stalled(): void {
    this.#notifyStatus('stalled');
  }

  /** The connection breaks; it reconnects once the server is reachable. */
  lose(reason: ClosedConnection['reason']): void {
    if (!this.#up) return;
    this.#up = false;
    this.#notifySystem({ kind: 'disconnect', reason });
    this.#notifyStatus('disconnected');
    this.process.schedule.after(50 + this.process.random.next() * this.network.reconnects, () => this.#reconnect());
  }

  /** Nothing gets through until `mend`. */
  cut(reason: ClosedConnection['reason']): void {
    this.#cut = true;
    this.lose(reason);
  }

  mend(): void {
    this.#cut = false;
  }

  close(reason: ClosedConnection['reason']): void {
    this.server.links.delete(this);
    if (this.#up) this.#notifySystem({ kind: 'disconnect', reason });
    this.#up = false;
    this.#cut = true;
  }

  /**
   * Asks NATS, and asks again every two seconds and on a new connection; `answer` runs on the server each time that the
   * question arrives, be its asker dead by then. Throws `Unavailable` when no answer came in time.
   */
  request<T>(what: string, answer: () => Promise<T>, limit = requestTimeout): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { process, server, network } = this;
    let over = false;
    const end = (settle: () => void): void => {
      if (over) return;
      over = true;
      for (const stop of stops) stop();
      settle();
    };
    const take = (settle: () => void): void => {
      if (!process.random.chance(network.lostAnswer)) this.deliver(() => end(settle));
    };
    const ask = (): void => {
      if (over) return;
      again = process.after(tryTimeout, ask);
      this.#send(network.lostRequest, () => {
        if (!server.jetStream) return;
        void answer().then(
          (value) => take(() => resolve(value)),
          (error: unknown) => take(() => reject(error)),
        );
      });
    };
    const giveUp = process.after(limit, () => end(() => reject(unavailable(what))));
    let again = giveUp;
    const stops = [
      this.onStatus((status) => status === 'reconnected' && ask()),
      () => process.schedule.cancel(giveUp),
      () => process.schedule.cancel(again),
    ];
    ask();
    return promise;
  }

  /** Sends a core message to the server; dropped silently while disconnected. */
  say(arrive: () => void): void {
    this.#send(this.network.lostMessage, arrive);
    if (this.process.random.chance(this.network.repeatedMessage)) this.#send(this.network.lostMessage, arrive);
  }

  /** From the server to the process, in order; dropped if the process has reconnected since. */
  deliver(run: () => void): void {
    const { client, process } = this;
    const arrival = Math.max(process.schedule.now + this.delay(), this.#arrivesAfter);
    this.#arrivesAfter = arrival;
    process.schedule.at(arrival, () => {
      if (this.#up && this.client === client) process.receive(run);
    });
  }

  /** ms on the way. */
  delay(): number {
    const { random } = this.process;
    const { latency, slow, slowBy } = this.network;
    return random.next() * latency + (slow > 0 && random.chance(slow) ? random.next() * slowBy : 0);
  }

  #send(loss: number, arrive: () => void): void {
    if (!this.#up || this.process.random.chance(loss)) return;
    const { schedule } = this.process;
    const arrival = Math.max(schedule.now + this.delay(), this.#leavesAfter);
    this.#leavesAfter = arrival;
    schedule.at(arrival, () => this.server.process.enter(arrive));
  }

  #reconnect(): void {
    const { process, server } = this;
    if (this.#up || !process.alive) return;
    if (this.#cut || process.frozen || !server.up) {
      process.schedule.after(100 + process.random.next() * this.network.reconnects, () => this.#reconnect());
      return;
    }
    this.#up = true;
    this.client = server.nextClient();
    this.#notifySystem({ kind: 'connect', reason: '' });
    this.#notifyStatus('reconnected');
  }

  #notifyStatus(status: LinkStatus): void {
    for (const listener of this.#listeners) this.process.receive(() => listener(status));
  }

  #notifySystem({ kind, reason }: Pick<ClosedConnection, 'kind' | 'reason'>): void {
    const { client, process, server } = this;
    const event = { kind, name: process.name, server: 'nats', client, reason };
    for (const { link, hear } of server.connections) if (link !== this) link.deliver(() => hear(event));
  }
}

const unavailable = (what: string): GenwardenError =>
  new GenwardenError('Unavailable', `NATS did not answer ${what} in time`);
