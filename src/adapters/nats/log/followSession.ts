// One ordered, headers-only consumer of the stream: pulls while there is room, notices gaps, and says when it is of no
// more use. Whoever follows then takes another one from where this one got to.

import { nuid, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Sequence } from '../../../job/task.ts';
import type { NatsLink } from '../link/connection.ts';
import { askApi } from '../jetstream/api.ts';
import type { LogContext } from './write.ts';
import { deliveryFacts, type DeliveryFacts } from '../jetstream/pullReply.ts';
import { streamName } from '../stream/subjects.ts';

export interface FollowContext extends LogContext {
  readonly link: Pick<NatsLink, 'connection' | 'onStatus' | 'inbox' | 'rights'>;
}

export interface Followed {
  readonly message: Msg;
  readonly facts: DeliveryFacts;
}

/** Messages asked for at a time, and the most that may wait here unread: twice that. */
const batch = 4_096;
const nanos = 1_000_000;

export class FollowSession {
  /** Why it is of no more use, once it is. */
  broken: string | undefined;
  /** When the last entry came, by this process's monotonic clock, ms. */
  heardEntryAt = performance.now();
  readonly #context: FollowContext;
  readonly #names: readonly string[];
  readonly #inbox: string;
  /** Of the consumer, once it is made. */
  #name = '';
  readonly #subscription: Subscription;
  readonly #stopListening: () => void;
  #buffer: Followed[] = [];
  #asked = 0;
  #consumerSequence = 0;
  #wake: () => void = () => undefined;

  constructor(context: FollowContext) {
    this.#context = context;
    const { connection } = context.link;
    this.#names = namesFor(context);
    this.#inbox = context.link.inbox();
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => (error === null ? this.#take(message) : this.#break(error.message)),
    });
    this.#stopListening = context.link.onStatus((status) => this.#break(`the connection was ${status}`));
  }

  /** Makes the consumer; throws `Unavailable`. Starts at the first message that is there from `sequence` on. */
  async open(sequence: Sequence): Promise<void> {
    for (const name of this.#names) {
      const taken = await this.#create(name, sequence);
      if (!taken) return;
    }
    this.#break('NATS makes no consumer: all names that this user may give one are taken');
  }

  /** Whether another process has this name. */
  async #create(name: string, sequence: Sequence): Promise<boolean> {
    const stream = streamName(this.#context.prefix);
    const config = {
      name,
      // Tells it from another's of the same name, which NATS would otherwise hand out as if it were this one.
      description: `follower ${nuid.next()}`,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: Math.max(1, sequence),
      ack_policy: 'none',
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: 30_000 * nanos,
    };
    const body = { stream_name: stream, config, action: 'create' };
    const { error } = await askApi(this.#context.requests, `CONSUMER.CREATE.${stream}.${name}`, body);
    if (error !== undefined && nameTaken.has(error.err_code)) return true;
    this.#name = name;
    if (error !== undefined) this.#break(`NATS makes no consumer: ${error.description}`);
    else this.#pull();
    return false;
  }

  /** What came since the last call. */
  read(): readonly Followed[] {
    const read = this.#buffer;
    this.#buffer = [];
    this.#pull();
    return read;
  }

  /** Resolves when there is something to read, when it breaks, or after `ms`. */
  async something(ms: number): Promise<void> {
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

  /** Whether the consumer has delivered all there is, and all of it arrived here. Throws `Unavailable`. */
  async deliveredAll(): Promise<boolean> {
    const path = `CONSUMER.INFO.${streamName(this.#context.prefix)}.${this.#name}`;
    const info = await askApi<ConsumerInfo>(this.#context.requests, path, {});
    if (info.error !== undefined) {
      this.#break(`its consumer is gone: ${info.error.description}`);
      return false;
    }
    return info.num_pending === 0 && info.delivered.consumer_seq === this.#consumerSequence;
  }

  close(): void {
    this.#stopListening();
    const { connection } = this.#context.link;
    if (connection.isClosed()) return;
    this.#subscription.unsubscribe();
    if (this.#name !== '')
      connection.publish(`$JS.API.CONSUMER.DELETE.${streamName(this.#context.prefix)}.${this.#name}`);
  }

  #take(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 0) this.#deliver(message);
    else this.#note(code, message);
  }

  #deliver(message: Msg): void {
    const facts = deliveryFacts(message.reply!);
    if (facts.consumerSequence !== this.#consumerSequence + 1) {
      this.#break(`message ${this.#consumerSequence + 1} did not arrive`);
      return;
    }
    this.#consumerSequence = facts.consumerSequence;
    this.#asked -= 1;
    this.heardEntryAt = performance.now();
    this.#buffer.push({ message, facts });
    this.#wake();
  }

  #note(code: number, { headers }: Msg): void {
    if (code === heartbeat) return;
    if (code !== expired) {
      this.#break(`NATS ended the pull: ${code} ${headers?.description}`);
      return;
    }
    this.#asked -= Number(headers?.get('Nats-Pending-Messages') ?? 0);
    this.#pull();
  }

  #pull(): void {
    if (this.broken !== undefined || this.#asked + this.#buffer.length > batch) return;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${streamName(this.#context.prefix)}.${this.#name}`;
    const body = { batch, expires: 30_000 * nanos, idle_heartbeat: 500 * nanos };
    try {
      this.#context.link.connection.publish(subject, JSON.stringify(body), { reply: this.#inbox });
      this.#asked += batch;
    } catch {
      this.#break('the connection is closed');
    }
  }

  #break(why: string): void {
    this.broken ??= why;
    this.#wake();
  }
}

interface ConsumerInfo {
  readonly num_pending: number;
  readonly delivered: { readonly consumer_seq: number };
}

/**
 * The names to try for the consumer, best first. A user that may create consumers of any name takes a new one; permissions
 * can keep a user from others' consumers only by listing whole names, which are then tried in an order of chance.
 */
function namesFor({ link, prefix }: FollowContext): readonly string[] {
  const create = `$JS.API.CONSUMER.CREATE.${streamName(prefix)}`;
  const fresh = `follow_${nuid.next()}`;
  const allowed = link.rights().mayPublish(`${create}.${fresh}`) ? [] : link.rights().namedAfter(create);
  if (allowed.length === 0) return [fresh];
  const first = Math.floor(Math.random() * allowed.length);
  return [...allowed.slice(first), ...allowed.slice(0, first)];
}

/** "Consumer already exists", with another configuration, and "consumer name already in use". */
const nameTaken = new Set([10_148, 10_013]);
const heartbeat = 100;
const expired = 408;
