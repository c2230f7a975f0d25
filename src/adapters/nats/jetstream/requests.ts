// Requests over one standing subscription per link. Requests that still wait for their answer at a reconnect are sent again at
// once: a request that was sent into a dying connection would otherwise wait out its timeout.

import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { NatsLink } from '../link/connection.ts';
import { subscribeIfOpen } from '../link/listen.ts';
import { permissionDenied, type Violation } from '../link/permissions.ts';

export interface Request {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly headers?: MsgHdrs;
  /** ms from the first sending, or from the newest of several answers; sending it again does not extend it. */
  readonly timeout: number;
  /** Never sent a second time, for a message that must not be stored twice: it expires when the connection is lost. */
  readonly sendOnce?: boolean;
  /** Called each time that the request is sent. */
  readonly onSend?: () => void;
}

interface Pending extends Request {
  deadline: number;
  /** Returns whether that was the last answer. */
  readonly take: (answer: Msg) => boolean;
  /** Discards the answers so far, as the request is sent again. */
  readonly restart: () => void;
  readonly expire: () => void;
  readonly fail: (error: Error) => void;
}

const sweepEvery = 250;

/** ms. New requests wait for a reconnect this long at most, so that an API process can answer its client 503 soon. */
const briefly = 2_000;

/** What requests need of a link. */
export type RequestLink = Pick<
  NatsLink,
  'connection' | 'apiPrefix' | 'onStatus' | 'onViolation' | 'connected' | 'inbox' | 'lost'
>;

const requestsByLink = new WeakMap<RequestLink, Requests>();

/** The requests of this link: all ports share one subscription. */
export function requestsOf(link: RequestLink): Requests {
  const known = requestsByLink.get(link);
  if (known !== undefined) return known;
  const requests = new Requests(link);
  requestsByLink.set(link, requests);
  return requests;
}

class Requests {
  readonly #link: RequestLink;
  readonly #inbox: string;
  readonly #pending = new Map<string, Pending>();
  #next = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #disconnectedSince: number;

  /** Lives as long as the connection. */
  constructor(link: RequestLink) {
    this.#link = link;
    this.#inbox = `${link.inbox()}.`;
    this.#disconnectedSince = link.connected() ? Infinity : performance.now();
    subscribeIfOpen(link.connection, `${this.#inbox}*`, (error, answer) => {
      if (error === null) this.#answered(answer);
    });
    link.onViolation((violation) => this.#refuse(violation));
    link.onStatus((status) => {
      this.#disconnectedSince = status === 'reconnected' ? Infinity : performance.now();
      if (status === 'reconnected') this.#sendAllAgain();
      else this.#expire(({ sendOnce }) => sendOnce === true);
    });
  }

  /**
   * The answer, or undefined when none came in time. Throws `Unavailable` once the connection has been lost for two seconds
   * or is closed, and `NatsPermissionDenied` if NATS does not accept the request.
   */
  one(request: Request): Promise<Msg | undefined> {
    return new Promise((resolve, reject) => {
      const take = (answer: Msg): boolean => {
        resolve(answer);
        return true;
      };
      this.#start(request, { take, restart: () => undefined, expire: () => resolve(undefined) }, reject);
    });
  }

  /** All answers before the first one for which `isLast` holds, and that one; undefined when time ran out before it. */
  many(request: Request, isLast: (answer: Msg) => boolean): Promise<{ answers: Msg[]; last: Msg } | undefined> {
    return new Promise((resolve, reject) => {
      let answers: Msg[] = [];
      const take = (answer: Msg): boolean => {
        const last = isLast(answer);
        if (last) resolve({ answers, last: answer });
        else answers.push(answer);
        return last;
      };
      this.#start(request, { take, restart: () => (answers = []), expire: () => resolve(undefined) }, reject);
    });
  }

  /** Whether a message can be sent immediately. Throws `Unavailable` once the connection has been lost for two seconds. */
  canSend(): boolean {
    if (performance.now() - this.#disconnectedSince <= briefly) return this.#link.connected();
    throw this.#link.lost();
  }

  #start(request: Request, listener: Omit<Pending, keyof Request | 'deadline' | 'fail'>, fail: Pending['fail']): void {
    try {
      if (!this.canSend() && request.sendOnce === true) return listener.expire();
      this.#send({ ...request, ...listener, fail, deadline: performance.now() + request.timeout });
    } catch (cause) {
      if (cause instanceof GenwardenError) return fail(cause);
      const closed = this.#link.connection.isClosed() || this.#link.connection.isDraining();
      // Otherwise the message is larger than the server accepts.
      fail(
        closed ? new GenwardenError('Unavailable', 'The connection to NATS is closed.', { cause }) : (cause as Error),
      );
      return;
    }
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEvery);
  }

  /** Under a new token each time, so that an answer to an earlier sending is not mistaken for this one's. */
  #send(pending: Pending): void {
    const token = String((this.#next += 1));
    const { subject, payload, headers } = pending;
    const reply = this.#inbox + token;
    // While disconnected, the client would buffer the message and send it at the reconnect, long after the caller gave up.
    if (this.#link.connected() || this.#link.connection.isClosed()) {
      this.#link.connection.publish(subject, payload, { reply, ...(headers === undefined ? {} : { headers }) });
      pending.onSend?.();
    }
    this.#pending.set(token, pending);
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#inbox.length);
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    if (pending.take(answer)) this.#pending.delete(token);
    else pending.deadline = performance.now() + pending.timeout;
  }

  /** Fails the requests to the refused subject, or all of them if it is the inbox: no answer would ever come. */
  #refuse(violation: Violation): void {
    const all = violation.operation === 'subscription' && violation.subject === `${this.#inbox}*`;
    for (const [token, pending] of this.#pending) {
      if (!all && (violation.operation !== 'publish' || pending.subject !== violation.subject)) continue;
      this.#pending.delete(token);
      pending.fail(permissionDenied(violation));
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
    const hopeless = this.#link.connection.isClosed() || now - this.#disconnectedSince > briefly;
    this.#expire(({ deadline }) => hopeless || deadline <= now);
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #expire(isExpired: (pending: Pending) => boolean): void {
    for (const [token, pending] of this.#pending) {
      if (!isExpired(pending)) continue;
      this.#pending.delete(token);
      pending.expire();
    }
  }
}
