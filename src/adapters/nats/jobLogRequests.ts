// Requests to JetStream over one standing subscription. What waits for its answer when the connection comes back is sent
// again at once: a request that went into a dying connection would otherwise wait out its timeout.

import { createInbox, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { GenwardenError } from '../../job/errors.ts';
import type { NatsLink } from './connection.ts';

export interface Question {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly headers?: MsgHdrs;
  /** ms from the first sending, whatever is sent again in between. */
  readonly timeout: number;
}

interface Pending extends Question {
  readonly deadline: number;
  /** Says whether that was the last answer. */
  readonly take: (answer: Msg) => boolean;
  /** Forget what was answered so far: the question is sent once more. */
  readonly restart: () => void;
  readonly expire: () => void;
}

/** No server or stream is there to answer. */
export const nobodyThere = (answer: Msg): boolean => answer.data.length === 0 && answer.headers?.code === 503;

const lookForExpired = 250;

export class Requests {
  readonly #link: Pick<NatsLink, 'connection' | 'onStatus'>;
  readonly #inbox: string;
  readonly #pending = new Map<string, Pending>();
  #next = 0;
  #sweeper: NodeJS.Timeout | undefined;

  /** Lives as long as the connection. */
  constructor(link: Pick<NatsLink, 'connection' | 'onStatus'>) {
    this.#link = link;
    this.#inbox = `${createInbox()}.`;
    link.connection.subscribe(`${this.#inbox}*`, { callback: (_error, answer) => this.#answered(answer) });
    link.onStatus((status) => {
      if (status === 'reconnected') this.#sendAllAgain();
    });
  }

  /** The answer, or undefined when none came in time. Throws `Unavailable` once the connection is closed for good. */
  one(question: Question): Promise<Msg | undefined> {
    return new Promise((resolve, reject) => {
      const take = (answer: Msg): boolean => {
        resolve(answer);
        return true;
      };
      this.#ask(question, { take, restart: () => undefined, expire: () => resolve(undefined) }, reject);
    });
  }

  /** All answers up to the one that `isLast` says so of, which is left out; undefined when time ran out before. */
  many(question: Question, isLast: (answer: Msg) => boolean): Promise<{ answers: Msg[]; last: Msg } | undefined> {
    return new Promise((resolve, reject) => {
      let answers: Msg[] = [];
      const take = (answer: Msg): boolean => {
        const last = isLast(answer);
        if (last) resolve({ answers, last: answer });
        else answers.push(answer);
        return last;
      };
      this.#ask(question, { take, restart: () => (answers = []), expire: () => resolve(undefined) }, reject);
    });
  }

  #ask(question: Question, listener: Pick<Pending, 'take' | 'restart' | 'expire'>, fail: (error: Error) => void): void {
    try {
      this.#send({ ...question, ...listener, deadline: performance.now() + question.timeout });
    } catch (cause) {
      const closed = this.#link.connection.isClosed() || this.#link.connection.isDraining();
      // Else the message is larger than the server takes.
      fail(closed ? new GenwardenError('Unavailable', 'The connection to NATS is closed.', { cause }) : (cause as Error));
      return;
    }
    this.#sweeper ??= setInterval(() => this.#sweep(), lookForExpired);
  }

  /** Under a new token each time, so that answers to an earlier sending are not taken for this one’s. */
  #send(pending: Pending): void {
    const token = String((this.#next += 1));
    const { subject, payload, headers } = pending;
    this.#link.connection.publish(subject, payload, {
      reply: this.#inbox + token,
      ...(headers === undefined ? {} : { headers }),
    });
    this.#pending.set(token, pending);
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#inbox.length);
    if (this.#pending.get(token)?.take(answer) === true) this.#pending.delete(token);
  }

  #sendAllAgain(): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) {
      pending.restart();
      try {
        this.#send(pending);
      } catch {
        pending.expire();
      }
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const [token, pending] of this.#pending) {
      if (pending.deadline > now && !this.#link.connection.isClosed()) continue;
      this.#pending.delete(token);
      pending.expire();
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
