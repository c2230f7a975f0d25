// Pulls from one lane's consumer: a poll takes what is there now, a standing pull waits for the one message that comes
// next. Each has an inbox of its own, as a pulled message carries its own subject and not the inbox's.

import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { NatsLink } from '../link/connection.ts';

const nanos = 1_000_000;
/**
 * ms. A frozen worker's pull still takes messages, which come again only after their ack wait. Its own tasks are queued
 * again four seconds after the freeze at the earliest (heartbeat timeout less one beat): by then its pulls are over.
 */
const standFor = 3_000;
const heartbeatEvery = 1_000;
/** Two and a half heartbeats missed: the pull died with a server or a leader. */
const deadAfter = 2_500;
/** After 409 (pull ended by the server) and 503 (no consumer, or nobody to ask), ms. */
const afterRefusal = 100;
/** A poll that is not answered for this long is given up, ms; what it still brings is kept. */
const pollTimeout = 1_000;

export interface LaneEvents {
  /** A message came, of a poll or of the standing pull. */
  readonly onMessage: (message: Msg) => void;
}

type Link = Pick<NatsLink, 'connection' | 'inbox'>;

export class LanePull {
  readonly #link: Link;
  readonly #subject: string;
  readonly #onMessage: (message: Msg) => void;
  #standing: Standing | undefined;
  #poll: Poll | undefined;

  constructor(link: Link, stream: string, consumer: string, { onMessage }: LaneEvents) {
    this.#link = link;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#onMessage = onMessage;
  }

  /** A standing pull is out: the lane was empty, and its next message comes by itself. */
  get stands(): boolean {
    return this.#standing?.waits === true;
  }

  /** Takes up to `atMost` messages that are there; resolves to how many came, all through `onMessage`. */
  poll(atMost: number): Promise<number> {
    this.#poll ??= new Poll(this.#link, this.#subject, this.#onMessage);
    return this.#poll.ask(atMost);
  }

  /** Keeps one pull of one message out, until it fires. */
  stand(): void {
    this.#standing ??= new Standing(this.#link, this.#subject, this.#onMessage);
    this.#standing.ask();
  }

  /** Takes the standing pull back. What was on its way still comes through `onMessage`. */
  sitDown(): void {
    this.#standing?.close();
    this.#standing = undefined;
  }

  /** The connection came back: what was out is out no more. */
  renew(): void {
    this.#poll?.giveUp();
    this.#standing?.renew();
  }

  close(): void {
    this.#poll?.close();
    this.#poll = undefined;
    this.sitDown();
  }
}

class Poll {
  readonly #connection: NatsConnection;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #missing = 0;
  #asked = 0;
  #finish: ((came: number) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ connection, inbox }: Link, subject: string, onMessage: (message: Msg) => void) {
    this.#connection = connection;
    this.#inbox = inbox();
    this.#subject = subject;
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        // Refused by NATS, which the connection logs.
        if (error !== null) return;
        const code = codeOf(message);
        if (code === 0) {
          onMessage(message);
          this.#missing -= 1;
          if (this.#missing === 0) this.giveUp();
        } else if (code === 503 || code === 409) {
          this.#end(afterRefusal);
        } else if (code !== 100) {
          this.giveUp();
        }
      },
    });
  }

  ask(atMost: number): Promise<number> {
    this.giveUp();
    this.#asked = atMost;
    this.#missing = atMost;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#finish = resolve;
    this.#timer = setTimeout(() => this.giveUp(), pollTimeout);
    if (!publish(this.#connection, this.#subject, { batch: atMost, no_wait: true }, this.#inbox))
      this.#end(afterRefusal);
    return promise;
  }

  giveUp(): void {
    clearTimeout(this.#timer);
    this.#finish?.(this.#asked - this.#missing);
    this.#finish = undefined;
  }

  close(): void {
    this.giveUp();
    letGo(this.#subscription);
  }

  #end(after: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(), after);
  }
}

class Standing {
  /** False once it fired, until the next `ask`. */
  waits = false;
  readonly #connection: NatsConnection;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #timer: NodeJS.Timeout | undefined;

  constructor({ connection, inbox }: Link, subject: string, onMessage: (message: Msg) => void) {
    this.#connection = connection;
    this.#inbox = inbox();
    this.#subject = subject;
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        // Refused by NATS, which the connection logs.
        if (error !== null) return;
        const code = codeOf(message);
        if (code === 0) {
          this.waits = false;
          clearTimeout(this.#timer);
          onMessage(message);
        } else if (this.waits) {
          this.#note(code);
        }
      },
    });
  }

  ask(): void {
    if (this.waits) return;
    this.waits = true;
    this.#send();
  }

  renew(): void {
    if (this.waits) this.#send();
  }

  close(): void {
    this.waits = false;
    clearTimeout(this.#timer);
    letGo(this.#subscription);
  }

  #send(): void {
    const body = { batch: 1, expires: standFor * nanos, idle_heartbeat: heartbeatEvery * nanos };
    const sent = publish(this.#connection, this.#subject, body, this.#inbox);
    this.#sendAgainIn(sent ? deadAfter : afterRefusal);
  }

  #note(code: number): void {
    if (code === 100) this.#sendAgainIn(deadAfter);
    else if (code === 409 || code === 503) this.#sendAgainIn(afterRefusal);
    else this.#send();
  }

  #sendAgainIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), ms);
  }
}

const codeOf = (message: Msg): number => (message.data.length === 0 ? (message.headers?.code ?? 0) : 0);

/** False where the connection is closed. */
function publish(connection: NatsConnection, subject: string, body: object, reply: string): boolean {
  try {
    connection.publish(subject, JSON.stringify(body), { reply });
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends the interest at the server, which forgets the pull, but hears what was sent before: dropped, it would be lost for
 * the length of the ack wait.
 */
function letGo(subscription: Subscription): void {
  if (!subscription.isClosed()) void subscription.drain().catch(() => undefined);
}
