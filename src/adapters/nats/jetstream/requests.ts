// Requests to JetStream over one standing subscription. What waits for its answer when the connection comes back is sent
// again at once: a request that went into a dying connection would otherwise wait out its timeout.

import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { NatsLink } from '../link/connection.ts';
import { denied, type Denial } from '../link/rights.ts';

export interface Question {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly headers?: MsgHdrs;
  /** ms from the first sending, whatever is sent again in between. */
  readonly timeout: number;
  /** Called each time that it goes out. */
  readonly onSend?: () => void;
}

interface Pending extends Question {
  readonly deadline: number;
  /** Says whether that was the last answer. */
  readonly take: (answer: Msg) => boolean;
  /** Forget what was answered so far: the question is sent once more. */
  readonly restart: () => void;
  readonly expire: () => void;
  readonly fail: (error: Error) => void;
}

/** No server or stream is there to answer. */
export const nobodyThere = (answer: Msg): boolean => answer.data.length === 0 && answer.headers?.code === 503;

const lookForExpired = 250;

/** A connection that is away for longer than this, ms, is not waited for: whoever asks can tell its client so at once. */
const briefly = 2_000;

type Link = Pick<NatsLink, 'connection' | 'onStatus' | 'onDenied' | 'connected' | 'inbox'>;

export class Requests {
  readonly #link: Link;
  readonly #inbox: string;
  readonly #pending = new Map<string, Pending>();
  #next = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #awaySince = Infinity;

  /** Lives as long as the connection. */
  constructor(link: Link) {
    this.#link = link;
    this.#inbox = `${link.inbox()}.`;
    link.connection.subscribe(`${this.#inbox}*`, {
      callback: (error, answer) => {
        if (error === null) this.#answered(answer);
      },
    });
    link.onDenied((denial) => this.#refuse(denial));
    link.onStatus((status) => {
      this.#awaySince = status === 'reconnected' ? Infinity : performance.now();
      if (status === 'reconnected') this.#sendAllAgain();
    });
  }

  /**
   * The answer, or undefined when none came in time. Throws `Unavailable` once the connection is closed for good, and
   * `NatsPermissionDenied` where NATS does not take the question.
   */
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

  /** Whether what is sent now goes out now. Throws `Unavailable` once the connection has been away for two seconds. */
  canSend(): boolean {
    if (performance.now() - this.#awaySince <= briefly) return this.#link.connected();
    throw new GenwardenError('Unavailable', 'The connection to NATS is away.');
  }

  #ask(question: Question, listener: Omit<Pending, keyof Question | 'deadline' | 'fail'>, fail: Pending['fail']): void {
    try {
      this.canSend();
      this.#send({ ...question, ...listener, fail, deadline: performance.now() + question.timeout });
    } catch (cause) {
      if (cause instanceof GenwardenError) return fail(cause);
      const closed = this.#link.connection.isClosed() || this.#link.connection.isDraining();
      // Else the message is larger than the server takes.
      fail(
        closed ? new GenwardenError('Unavailable', 'The connection to NATS is closed.', { cause }) : (cause as Error),
      );
      return;
    }
    this.#sweeper ??= setInterval(() => this.#sweep(), lookForExpired);
  }

  /** Under a new token each time, so that answers to an earlier sending are not taken for this one's. */
  #send(pending: Pending): void {
    const token = String((this.#next += 1));
    const { subject, payload, headers } = pending;
    const reply = this.#inbox + token;
    // While away the client would keep it and send it whenever it is back, long after the caller has given up.
    if (this.#link.connected() || this.#link.connection.isClosed()) {
      this.#link.connection.publish(subject, payload, { reply, ...(headers === undefined ? {} : { headers }) });
      pending.onSend?.();
    }
    this.#pending.set(token, pending);
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#inbox.length);
    if (this.#pending.get(token)?.take(answer) === true) this.#pending.delete(token);
  }

  /** Whoever asked that subject, or waits at this inbox, would wait for nothing. */
  #refuse(denial: Denial): void {
    const all = denial.operation === 'subscription' && denial.subject === `${this.#inbox}*`;
    for (const [token, pending] of this.#pending) {
      if (!all && (denial.operation !== 'publish' || pending.subject !== denial.subject)) continue;
      this.#pending.delete(token);
      pending.fail(denied(denial));
    }
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
      const hopeless = this.#link.connection.isClosed() || now - this.#awaySince > briefly;
      if (pending.deadline > now && !hopeless) continue;
      this.#pending.delete(token);
      pending.expire();
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
