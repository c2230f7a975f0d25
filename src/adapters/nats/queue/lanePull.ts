// Pulls from one lane's consumer: a poll takes what is there now, a standing pull waits for the next message. Each has its
// own inbox, as a pulled message carries its own subject and not the inbox's.

import type { Msg, Subscription } from '@nats-io/transport-node';
import { backoffCeiling } from '../../../job/backoff.ts';
import { statuses, statusOf } from '../jetstream/errors.ts';
import { sendPull, type PullRequest } from '../jetstream/pull.ts';
import type { NatsLink } from '../link/connection.ts';
import { subscribeIfOpen } from '../link/listen.ts';

/**
 * `expires`: a frozen worker's pull still receives messages, which are delivered again only after their ack wait. The
 * worker's own tasks are requeued four seconds after the freeze at the earliest (heartbeat timeout less one beat): by then
 * its pulls have ended.
 */
const standingPull: StandingOptions = {
  request: { batch: 1, expires: 3_000, heartbeatEvery: 1_000 },
  // Two and a half heartbeats missed: the pull was lost with a server or a leader.
  lostAfter: 2_500,
  longestRefusal: 100,
};
/**
 * For the many consumers that rarely have a message: without heartbeats, an open pull costs one request and one answer in five
 * seconds. Requeued tasks, whose worker may be frozen, do not come from these consumers.
 */
const quietPull: StandingOptions = {
  request: { batch: 1, expires: 5_000 },
  lostAfter: 6_000,
  longestRefusal: 1_000,
};

interface StandingOptions {
  readonly request: PullRequest;
  /** ms without an answer after which the pull is sent again. */
  readonly lostAfter: number;
  /** The longest delay after several refusals in a row, ms. */
  readonly longestRefusal: number;
}

/**
 * Delay after status 409 (the server ended the pull) and 503 (no consumer, or no server to answer), ms. When the consumer moves to
 * another server, that server answers 409 to the open pulls, and takes new ones at once.
 */
const refusalDelay = 100;
/** A poll without an answer ends after this, ms; messages that arrive later are still accepted. */
const pollTimeout = 1_000;

const isRefused = (status: number): boolean => status === statuses.ended || status === statuses.noResponders;

type Link = Pick<NatsLink, 'connection' | 'apiPrefix' | 'inbox'>;

export interface LaneConsumer {
  readonly stream: string;
  readonly name: string;
  /** Its standing pulls cost little, and notice a lost server late. */
  readonly isQuiet?: boolean;
}

export class LanePull {
  readonly #link: Link;
  readonly #consumer: LaneConsumer;
  readonly #onMessage: (message: Msg) => void;
  readonly #onStatus: (status: number) => void;
  #standing: StandingPull | undefined;
  #poll: Poll | undefined;
  #closed = false;
  /** The last answer was that there is no such consumer, or no server that has it. */
  isMissing = false;

  /** `onMessage` is called for each message, of a poll or of the standing pull. */
  constructor(link: Link, consumer: LaneConsumer, onMessage: (message: Msg) => void) {
    this.#link = link;
    this.#consumer = consumer;
    this.#onMessage = onMessage;
    this.#onStatus = (status) => void (this.isMissing = status === statuses.noResponders);
  }

  /** A standing pull is open: the lane was empty, and its next message will be delivered without a poll. */
  get isStanding(): boolean {
    return this.#standing?.isOpen === true;
  }

  /** Takes up to `atMost` messages that are there; resolves with how many arrived, all through `onMessage`; 0 once closed. */
  poll(atMost: number): Promise<number> {
    if (this.#closed) return Promise.resolve(0);
    this.#poll ??= new Poll(this.#link, this.#consumer, this.#onMessage, this.#onStatus);
    return this.#poll.start(atMost);
  }

  /** Keeps a pull of one message open until the message arrives. Once closed, it does nothing. */
  openStandingPull(): void {
    if (this.#closed) return;
    this.#standing ??= new StandingPull(this.#link, this.#consumer, this.#onMessage, this.#onStatus);
    this.#standing.open();
  }

  /** Ends the standing pull. A message on its way still arrives through `onMessage`. */
  endStanding(): void {
    this.#standing?.close();
    this.#standing = undefined;
  }

  /** To be called after a reconnect, as the server has lost all pulls. */
  renew(): void {
    this.#poll?.finish();
    this.#standing?.renew();
  }

  close(): void {
    this.#closed = true;
    this.#poll?.close();
    this.#poll = undefined;
    this.endStanding();
  }
}

type OnStatus = (status: number) => void;

/** Sends pulls to one consumer, and receives their answers in an inbox. */
class PullInbox {
  readonly #link: Link;
  readonly #consumer: LaneConsumer;
  readonly #inbox: string;
  /** Undefined if the connection was closed by then. */
  readonly #subscription: Subscription | undefined;

  /** `onAnswer` gets every answer: a message of the stream has status 0. */
  constructor(link: Link, consumer: LaneConsumer, onAnswer: (status: number, message: Msg) => void) {
    this.#link = link;
    this.#inbox = link.inbox();
    this.#consumer = consumer;
    this.#subscription = subscribeIfOpen(link.connection, this.#inbox, (error, message) => {
      if (error === null) onAnswer(statusOf(message), message);
    });
  }

  /** False if the pull could not be sent. */
  send(pull: PullRequest): boolean {
    return sendPull(this.#link, this.#consumer, pull, this.#inbox);
  }

  /**
   * Unsubscribes at the server, which ends the pull, but still accepts the messages sent before: a dropped one would be lost
   * for an ack wait.
   */
  drain(): void {
    if (this.#subscription?.isClosed() === false) void this.#subscription.drain().catch(() => undefined);
  }
}

class Poll {
  readonly #inbox: PullInbox;
  #missing = 0;
  #requested = 0;
  #resolve: ((received: number) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, consumer: LaneConsumer, onMessage: (message: Msg) => void, onStatus: OnStatus) {
    this.#inbox = new PullInbox(link, consumer, (status, message) => {
      onStatus(status);
      if (status === 0) {
        onMessage(message);
        this.#missing -= 1;
        if (this.#missing === 0) this.finish();
      } else if (isRefused(status)) {
        this.#finishIn(refusalDelay);
      } else if (status !== statuses.heartbeat) {
        this.finish();
      }
    });
  }

  start(atMost: number): Promise<number> {
    this.finish();
    this.#requested = atMost;
    this.#missing = atMost;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#resolve = resolve;
    const sent = this.#inbox.send({ batch: atMost, noWait: true });
    this.#finishIn(sent ? pollTimeout : refusalDelay);
    return promise;
  }

  finish(): void {
    clearTimeout(this.#timer);
    this.#resolve?.(this.#requested - this.#missing);
    this.#resolve = undefined;
  }

  close(): void {
    this.finish();
    this.#inbox.drain();
  }

  #finishIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.finish(), ms);
  }
}

class StandingPull {
  /** False once the message has arrived, until the next `open`. */
  isOpen = false;
  readonly #options: StandingOptions;
  readonly #inbox: PullInbox;
  /** In a row. */
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, consumer: LaneConsumer, onMessage: (message: Msg) => void, onStatus: OnStatus) {
    this.#options = consumer.isQuiet === true ? quietPull : standingPull;
    this.#inbox = new PullInbox(link, consumer, (status, message) => {
      onStatus(status);
      if (!isRefused(status)) this.#refusals = 0;
      if (status === 0) {
        this.isOpen = false;
        clearTimeout(this.#timer);
        onMessage(message);
      } else if (this.isOpen) {
        this.#handleStatus(status);
      }
    });
  }

  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.#send();
  }

  renew(): void {
    if (this.isOpen) this.#send();
  }

  close(): void {
    this.isOpen = false;
    clearTimeout(this.#timer);
    this.#inbox.drain();
  }

  #send(): void {
    const { request, lostAfter } = this.#options;
    const sent = this.#inbox.send(request);
    this.#sendAgainIn(sent ? lostAfter : refusalDelay);
  }

  #handleStatus(status: number): void {
    if (status === statuses.heartbeat) this.#sendAgainIn(this.#options.lostAfter);
    else if (isRefused(status)) this.#sendAgainIn(this.#afterRefusal());
    else this.#send();
  }

  #afterRefusal(): number {
    this.#refusals += 1;
    return backoffCeiling(this.#refusals, { first: refusalDelay, cap: this.#options.longestRefusal });
  }

  #sendAgainIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), ms);
  }
}
