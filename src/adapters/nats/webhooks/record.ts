// Reads and writes the records of deliveries, and of the position up to which the log was read.

import { z } from 'zod';
import type { JsonObject } from '../../../job/jsonValue.ts';
import { webhookEvents } from '../../../job/webhooks/eventTypes.ts';
import { deliveryFailures, type WebhookDelivery } from '../../../job/webhooks/delivery.ts';
import type { Position } from '../../../ports/jobLog.ts';
import type { StoredDelivery } from '../../../ports/webhookDeliveries.ts';
import type { StoredMessage } from '../jetstream/reads.ts';

const instant = z.number();

/** Unknown fields, which a newer version may have added, are kept. */
const record: z.ZodType<WebhookDelivery> = z.looseObject({
  id: z.string(),
  tenant: z.string(),
  job: z.string(),
  pool: z.string(),
  task: z.number().nullable(),
  event: z.enum(webhookEvents),
  url: z.string(),
  at: instant,
  order: z.number(),
  expiresAt: instant,
  data: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null),
  trace: z.string().exactOptional(),
  traceState: z.string().exactOptional(),
  state: z.enum(['pending', 'delivered', 'dead']),
  since: instant,
  attempts: z.int().min(0),
  nextAt: instant.nullable(),
  lastError: z
    .looseObject({
      reason: z.enum(deliveryFailures),
      message: z.string(),
      status: z.number().exactOptional(),
      at: instant,
    })
    .nullable(),
});

/** Undefined for a message that this version cannot read. */
export function deliveryOf(message: StoredMessage): StoredDelivery | undefined {
  const parsed = record.safeParse(jsonOf(message));
  return parsed.success ? { delivery: parsed.data, sequence: message.sequence } : undefined;
}

const position = z.object({ epoch: z.string(), sequence: z.number() });

/** A position that cannot be read counts as missing: the log is then read from its start, and nothing is delivered twice. */
export function positionOf(message: StoredMessage): Position | undefined {
  const parsed = position.safeParse(jsonOf(message));
  return parsed.success ? parsed.data : undefined;
}

function jsonOf({ data }: StoredMessage): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}
