// The JSON of webhooks and their deliveries.

import { z } from 'zod';
import { webhookEvents } from '../../job/webhooks/eventTypes.ts';
import type { DeliveryError, WebhookDelivery } from '../../job/webhooks/delivery.ts';
import { isoTime } from '../../job/time.ts';
import type { WebhookStatus } from '../../jobs/webhooks.ts';
import { isoTimeOrNull } from './taskView.ts';

const time = z.iso.datetime();
const event = z.enum(webhookEvents);

/** In the JSON of a job. */
export const webhook = z
  .object({
    url: z.string().describe('Without the values of its query, which may be secrets.'),
    events: z.array(event),
  })
  .nullable();

const errorSchema = z.object({
  reason: z.string().describe('Such as `Timeout` or `Answered`; see the documentation of webhooks.'),
  message: z.string(),
  status: z.int().nullable().describe("The HTTP status of the receiver's answer, if it answered."),
  at: time,
});

export const webhookStatusSchema = z.object({
  pending: z.int().min(0).describe('Deliveries to be sent.'),
  dead: z.int().min(0).describe('Deliveries that were given up.'),
  nextAttemptAt: time.nullable(),
  lastError: errorSchema.nullable().describe('Of the deliveries that are pending or dead.'),
});

export const deliverySchema = z.object({
  id: z.string().describe('The `webhook-id` of every attempt.'),
  tenant: z.string(),
  job: z.string(),
  event,
  url: z.string().describe('Without the values of its query, which may be secrets.'),
  state: z.enum(['pending', 'delivered', 'dead']),
  at: time.describe('When the event happened.'),
  attempts: z.int().min(0),
  nextAttemptAt: time.nullable(),
  lastError: errorSchema.nullable(),
  expiresAt: time.describe('When the job expires, and the delivery with it.'),
});

export const deliveryListSchema = z.object({ items: z.array(deliverySchema), next: z.string().nullable() });

export function deliveryView(delivery: WebhookDelivery): z.infer<typeof deliverySchema> {
  const { id, tenant, job, event: type, url, state, at, attempts, nextAt, lastError, expiresAt } = delivery;
  return {
    id,
    tenant,
    job,
    event: type,
    url: shownUrl(url),
    state,
    at: isoTime(at),
    attempts,
    nextAttemptAt: isoTimeOrNull(nextAt),
    lastError: lastError === null ? null : errorView(lastError),
    expiresAt: isoTime(expiresAt),
  };
}

export function webhookStatusView(status: WebhookStatus): z.infer<typeof webhookStatusSchema> {
  const { pending, dead, nextAttemptAt, lastError } = status;
  return {
    pending,
    dead,
    nextAttemptAt: isoTimeOrNull(nextAttemptAt),
    lastError: lastError === null ? null : errorView(lastError),
  };
}

/** `https://app.example/hook?token=***`. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  const names = [...url.searchParams.keys()];
  return `${url.origin}${url.pathname}${names.length === 0 ? '' : `?${names.map((name) => `${encodeURIComponent(name)}=***`).join('&')}`}`;
}

const errorView = ({ reason, message, status, at }: DeliveryError): z.infer<typeof errorSchema> => ({
  reason,
  message,
  status: status ?? null,
  at: isoTime(at),
});
