// Webhook deliveries in memory, shared by all processes of an installation.

import { jobOfEventId } from '../../src/job/webhooks/events.ts';
import type { Position } from '../../src/ports/jobLog.ts';
import type { StoredDelivery, WebhookDeliveries } from '../../src/ports/webhookDeliveries.ts';

export interface FakeDeliveries extends WebhookDeliveries {
  /** All, in the order of their last records. */
  readonly all: () => readonly StoredDelivery[];
}

export function fakeWebhookDeliveries(): FakeDeliveries {
  const records = new Map<string, StoredDelivery>();
  let sequence = 0;
  let saved: Position | undefined;
  const keyOf = (tenant: string, id: string): string => `${tenant} ${id}`;
  const all = (): StoredDelivery[] => [...records.values()].toSorted((one, other) => one.sequence - other.sequence);
  return {
    all,
    write: async (delivery, expected) => {
      const key = keyOf(delivery.tenant, delivery.id);
      if ((records.get(key)?.sequence ?? 0) !== expected) return undefined;
      sequence += 1;
      records.set(key, { delivery: structuredClone(delivery), sequence });
      return sequence;
    },
    find: async (tenant, id) => (jobOfEventId(id) === undefined ? undefined : records.get(keyOf(tenant, id))),
    pending: async (after, limit) =>
      all()
        .filter(({ delivery, sequence: at }) => delivery.state === 'pending' && at > after)
        .slice(0, limit),
    dead: async (tenant, after, limit) => {
      const found = all().filter(
        ({ delivery, sequence: at }) =>
          delivery.state === 'dead' && at > after && (tenant === '*' || delivery.tenant === tenant),
      );
      return { items: found.slice(0, limit), next: found.length > limit ? found[limit - 1]!.sequence : null };
    },
    ofJob: async (tenant, job) =>
      all().filter(
        ({ delivery }) => delivery.tenant === tenant && delivery.job === job && delivery.state !== 'delivered',
      ),
    countDead: async () => all().filter(({ delivery }) => delivery.state === 'dead').length,
    position: async () => saved,
    savePosition: async (position) => {
      saved = position;
    },
  };
}
