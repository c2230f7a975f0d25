// One ordered, headers-only consumer of the stream. It pulls while there is room, detects gaps, and reports when it can no
// longer be used; the follower then continues with a new one.

import type { ConsumerConfig } from '@nats-io/jetstream';
import { nanos, nuid, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Sequence } from '../../../job/task.ts';
import { askApi, consumerInfo } from '../jetstream/api.ts';
import { isConsumerNameTaken, isRefusal, statuses, statusOf } from '../jetstream/errors.ts';
import { deliveryInfo, sendPull, type DeliveryInfo } from '../jetstream/pull.ts';
import type { NatsLink } from '../link/connection.ts';
import { subscribeIfOpen } from '../link/listen.ts';
import { streamName } from '../stream/subjects.ts';

export interface Delivered {
  readonly message: Msg;
  readonly info: DeliveryInfo;
}

/** Messages per pull. At most twice as many are here at a time, for a slow reader too: each has a part of a socket's buffer. */
const batch = 1_024;
const pull = { batch, expires: 30_000, heartbeatEvery: 500 };
/** The server deletes a consumer that receives no pull for this long, ms. */
const inactiveThreshold = 30_000;

export class OrderedConsumer {
  /** Why it can no longer be used; undefined while it can. */
  broken: string | undefined;
  /** When the last entry arrived, or the reader was through with it, by this process's monotonic clock, ms. */
  lastEntryAt = performance.now();
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #inbox: string;
  /** Empty until the consumer is created. */
  #name = '';
  readonly #subscription: Subscription | undefined;
  readonly #stopListening: () => void;
  #buffer: Delivered[] = [];
  /** Messages that the reader is working on. */
  #reading = 0;
  #requested = 0;
  #consumerSequence = 0;
  #wake: () => void = () => undefined;

  constructor(link: NatsLink) {
    this.#link = link;
    this.#stream = streamName(link.prefix);
    this.#inbox = link.inbox();
    this.#subscription = subscribeIfOpen(link.connection, this.#inbox, (error, message) =>
      error === null ? this.#receive(message) : this.#break(error.message),
    );
    this.#stopListening = link.onStatus((status) => this.#break(`the connection was ${status}`));
  }

  /** Creates the consumer, which starts at the first message from `sequence` on. Throws `Unavailable`. */
  async open(sequence: Sequence): Promise<void> {
    for (const name of candidateNames(this.#link, this.#stream)) {
      if (await this.#create(name, sequence)) return;
    }
    this.#break('NATS creates no consumer: all names that this user may use are taken');
  }

  /** False if another process uses this name. */
  async #create(name: string, sequence: Sequence): Promise<boolean> {
    const config: Partial<ConsumerConfig> = {
      name,
      // Distinguishes it from another process's consumer of the same name, which NATS would otherwise return as this one.
      description: `follower ${nuid.next()}`,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: Math.max(1, sequence),
      ack_policy: 'none',
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(inactiveThreshold),
    };
    const body = { stream_name: this.#stream, config, action: 'create' };
    try {
      await askApi(this.#link, `CONSUMER.CREATE.${this.#stream}.${name}`, body);
    } catch (error) {
      if (isConsumerNameTaken(error)) return false;
      if (!isRefusal(error)) throw error;
      this.#break(`NATS creates no consumer: ${(error as Error).message}`);
    }
    this.#name = name;
    this.#pull();
    return true;
  }

  /** Returns what arrived since the last call. Call `handled` when you are through with it. */
  read(): readonly Delivered[] {
    const read = this.#buffer;
    this.#buffer = [];
    this.#reading = read.length;
    return read;
  }

  handled(): void {
    if (this.#reading > 0) this.lastEntryAt = performance.now();
    this.#reading = 0;
    this.#pull();
  }

  /** Resolves when there is something to read, when it breaks, when `wake` is called, or after `ms`. */
  async waitForActivity(ms: number): Promise<void> {
    if (this.#buffer.length > 0 || this.broken !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  wake(): void {
    this.#wake();
  }

  /** Whether the consumer has delivered everything, and all of it has arrived here. Throws `Unavailable`. */
  async deliveredAll(): Promise<boolean> {
    const info = await consumerInfo(this.#link, this.#stream, this.#name);
    if (info === undefined) {
      this.#break('its consumer no longer exists');
      return false;
    }
    return info.num_pending === 0 && info.delivered.consumer_seq === this.#consumerSequence;
  }

  close(): void {
    this.#stopListening();
    const { connection, apiPrefix } = this.#link;
    if (connection.isClosed()) return;
    this.#subscription?.unsubscribe();
    if (this.#name !== '') connection.publish(`${apiPrefix}.CONSUMER.DELETE.${this.#stream}.${this.#name}`);
  }

  #receive(message: Msg): void {
    const status = statusOf(message);
    if (status === 0) this.#deliver(message);
    else this.#handleStatus(status, message);
  }

  #deliver(message: Msg): void {
    const info = deliveryInfo(message.reply!);
    if (info.consumerSequence !== this.#consumerSequence + 1) {
      this.#break(`message ${this.#consumerSequence + 1} did not arrive`);
      return;
    }
    this.#consumerSequence = info.consumerSequence;
    this.#requested -= 1;
    this.lastEntryAt = performance.now();
    this.#buffer.push({ message, info });
    this.#wake();
  }

  #handleStatus(status: number, { headers }: Msg): void {
    if (status === statuses.heartbeat) return;
    if (status !== statuses.expired) {
      this.#break(`NATS ended the pull: ${status} ${headers?.description}`);
      return;
    }
    this.#requested -= Number(headers?.get('Nats-Pending-Messages') ?? 0);
    this.#pull();
  }

  #pull(): void {
    if (this.broken !== undefined || this.#requested + this.#buffer.length + this.#reading > batch) return;
    const consumer = { stream: this.#stream, name: this.#name };
    if (sendPull(this.#link, consumer, pull, this.#inbox)) this.#requested += batch;
    else this.#break('the connection is closed');
  }

  #break(why: string): void {
    this.broken ??= why;
    this.#wake();
  }
}

/**
 * The names to try for the consumer, in order. A user that may create consumers of any name gets a new one. Permissions can
 * keep a user away from others' consumers only by listing whole names: these are tried from a random one on.
 */
function candidateNames({ permissions, apiPrefix }: NatsLink, stream: string): readonly string[] {
  const create = `${apiPrefix}.CONSUMER.CREATE.${stream}`;
  const fresh = `follow_${nuid.next()}`;
  const allowed = permissions().mayPublish(`${create}.${fresh}`) ? [] : permissions().allowedNames(create);
  if (allowed.length === 0) return [fresh];
  const first = Math.floor(Math.random() * allowed.length);
  return [...allowed.slice(first), ...allowed.slice(0, first)];
}
