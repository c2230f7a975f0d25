// The schemas of webhooks and their deliveries.

import { z } from 'zod';
import { webhookEvents } from '../../job/webhooks/eventTypes.ts';

const time = z.iso.datetime();
const event = z.enum(webhookEvents);

/** In the JSON of a job. */
export const webhook = z
  .object({
    url: z.string().describe('Without the values of its query, which may be secrets.'),
    events: z.array(event),
  })
  .nullable();

const deliveryErrorSchema = z.object({
  reason: z.string().describe('Such as `Timeout` or `Answered`; see the documentation of webhooks.'),
  message: z.string(),
  status: z.int().nullable().describe("The HTTP status of the receiver's answer, if it answered."),
  at: time,
});

export const webhookStatusSchema = z.object({
  pending: z.int().min(0).describe('Deliveries to be sent.'),
  dead: z.int().min(0).describe('Deliveries that were given up.'),
  nextAttemptAt: time.nullable(),
  lastError: deliveryErrorSchema.nullable().describe('Of the deliveries that are pending or dead.'),
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
  lastError: deliveryErrorSchema.nullable(),
  expiresAt: time.describe('When the job expires, and the delivery with it.'),
});

export const deliveryListSchema = z.object({ items: z.array(deliverySchema), next: z.string().nullable() });

export type DeliveryView = z.infer<typeof deliverySchema>;
export type WebhookStatusView = z.infer<typeof webhookStatusSchema>;
