// A webhook delivery: one event for one receiver, and what an attempt to send it leads to. Pure: time and randomness are
// arguments.

import { equalJitter } from '../backoff.ts';
import { about, type Duration } from '../duration.ts';
import type { JobId, TaskIndex } from '../ids.ts';
import type { JsonObject } from '../jsonValue.ts';
import type { Instant } from '../time.ts';
import type { WebhookEvent } from './eventTypes.ts';

export type DeliveryState = 'pending' | 'delivered' | 'dead';

export interface WebhookDelivery {
  /** The `webhook-id`: the same for every attempt and every resend. */
  readonly id: string;
  readonly tenant: string;
  readonly job: JobId;
  /** The pool of the job, and the task of an event of a task. */
  readonly pool: string;
  readonly task: TaskIndex | null;
  readonly event: WebhookEvent;
  readonly url: string;
  /** When it happened. */
  readonly at: Instant;
  /** The position of its transition in the log. The deliveries of a job are sent in this order. */
  readonly order: number;
  /** When the job expires, and the delivery with it. */
  readonly expiresAt: Instant;
  /** The payload's data without links; empty once it is delivered. */
  readonly data: JsonObject;
  /** The trace of the job, as a W3C `traceparent`, and its `tracestate`; absent: it has none. */
  readonly trace?: string;
  readonly traceState?: string;
  readonly state: DeliveryState;
  /** When it was stored, or sent again by a request: it is retried for a day from then on. */
  readonly since: Instant;
  /** Attempts so far, over all resends. */
  readonly attempts: number;
  /** When the next attempt is due; null unless it is pending. */
  readonly nextAt: Instant | null;
  readonly lastError: DeliveryError | null;
}

export interface DeliveryError {
  readonly reason: DeliveryFailure;
  /** One sentence: what happened, and what to do. */
  readonly message: string;
  /** Of the receiver's answer, if it answered. */
  readonly status?: number;
  readonly at: Instant;
}

/** `Answered`: with a status that is not 2xx. `TooManyPending`: it was never sent. */
export const deliveryFailures = [
  'Answered',
  'Gone',
  'Redirected',
  'Timeout',
  'ConnectionFailed',
  'AddressRefused',
  'PlainHttpRefused',
  'SecretMissing',
  'TooManyPending',
  'JobExpired',
] as const;
export type DeliveryFailure = (typeof deliveryFailures)[number];

/** How one attempt ended. */
export type AttemptResult =
  | { readonly answered: true; readonly status: number; readonly retryAfter?: Duration }
  | { readonly answered: false; readonly reason: DeliveryFailure; readonly message: string };

/** How long a delivery is retried, ms. */
const retriedFor: Duration = 24 * 3_600_000;
/** Doubles with each failure: 2 s, 4 s, 8 s, … 1 h. */
const backoff = { first: 2_000, cap: 3_600_000 };
/** A receiver may ask for less, but not for a busy loop, ms. */
const shortest = 1_000;

export interface NewDelivery extends Omit<WebhookDelivery, 'state' | 'since' | 'attempts' | 'nextAt' | 'lastError'> {}

export const newDelivery = (event: NewDelivery, now: Instant): WebhookDelivery => ({
  ...event,
  state: 'pending',
  since: now,
  attempts: 0,
  nextAt: now,
  lastError: null,
});

/** `random` is in [0, 1). 2xx is a success; 410 and the end of the day are the end; everything else is tried again. */
export function afterAttempt(
  delivery: WebhookDelivery,
  result: AttemptResult,
  now: Instant,
  random: number,
): WebhookDelivery {
  const attempts = delivery.attempts + 1;
  if (result.answered && result.status >= 200 && result.status < 300) return delivered({ ...delivery, attempts });
  const lastError = errorOf(result, now);
  const end = Math.min(delivery.since + retriedFor, delivery.expiresAt);
  if (lastError.reason === 'Gone' || now >= end) return dead({ ...delivery, attempts }, lastError);
  const asked = result.answered ? result.retryAfter : undefined;
  const wait = Math.max(shortest, asked ?? equalJitter(attempts, backoff, random));
  return { ...delivery, attempts, lastError, nextAt: Math.round(Math.min(now + wait, end)) };
}

export const delivered = (delivery: WebhookDelivery): WebhookDelivery => ({
  ...delivery,
  state: 'delivered',
  data: {},
  nextAt: null,
  lastError: null,
});

export const dead = (delivery: WebhookDelivery, lastError: DeliveryError): WebhookDelivery => ({
  ...delivery,
  state: 'dead',
  nextAt: null,
  lastError,
});

/** A dead delivery, to be sent again at once, and retried for a day. */
export const resent = (delivery: WebhookDelivery, now: Instant): WebhookDelivery => ({
  ...delivery,
  state: 'pending',
  since: now,
  nextAt: now,
});

function errorOf(result: AttemptResult, at: Instant): DeliveryError {
  if (!result.answered) return { reason: result.reason, message: result.message, at };
  const { status, retryAfter } = result;
  if (status === 410) {
    return { reason: 'Gone', message: 'The receiver answered 410 Gone: it wants no more of these events', status, at };
  }
  if (status >= 300 && status < 400) {
    const message = `The receiver answered with a redirect (${status}), which is not followed: use the final address as webhook.url`;
    return { reason: 'Redirected', message, status, at };
  }
  const asked = retryAfter === undefined ? '' : ` and asked to wait ${about(retryAfter)}`;
  const message = `The receiver answered ${status}${asked}: it must answer 2xx within 15 s`;
  return { reason: 'Answered', message, status, at };
}
