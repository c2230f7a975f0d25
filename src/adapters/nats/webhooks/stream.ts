// The stream of webhook deliveries, and its subjects. A delivery has one subject for each of its states, each with at most one
// message; the newest of them is the delivery.

import { nanos } from '@nats-io/transport-node';
import type { DeliveryState, WebhookDelivery } from '../../../job/webhooks/delivery.ts';
import { webhooksName } from '../jetstream/streamNames.ts';
import type { NatsLink } from '../link/connection.ts';
import { ensureStream } from '../stream/ensure.ts';

/** ms. Deliveries outlive their job's retention, so that no record of one is missing while the job exists. */
const beyondRetention = 3_600_000;

/** Creates the stream or waits until the controller has. Throws as `ensureStream` does. */
export async function ensureWebhookStream(link: NatsLink, retentionMs: number, signal?: AbortSignal): Promise<void> {
  const name = webhooksName(link.prefix);
  const config = {
    name,
    subjects: [`${link.prefix}.webhook.>`],
    description: 'Genwarden: deliveries of webhooks',
    max_age: nanos(retentionMs + beyondRetention),
    max_msgs_per_subject: 1,
    allow_direct: true,
  };
  return ensureStream(link, config, signal);
}

export const positionSubject = (prefix: string): string => `${prefix}.webhook.position`;

/** A delivery, or a pattern of several: `*` matches any state, tenant or job. */
interface Address {
  readonly state: DeliveryState | '*';
  readonly tenant: string;
  readonly job: string;
  readonly id: string;
}

export const deliverySubject = (prefix: string, { state, tenant, job, id }: Address): string =>
  `${prefix}.webhook.${state}.${tenantToken(tenant)}.${job}.${id}`;

/** All writers use this very string as the subject of their expectation. */
export const deliveryFilter = (prefix: string, { tenant, job, id }: Pick<WebhookDelivery, 'tenant' | 'job' | 'id'>) =>
  deliverySubject(prefix, { state: '*', tenant, job, id });

/** The names of tenants may have dots, which separate the tokens of a subject. */
const tenantToken = (tenant: string): string => tenant.replaceAll('.', '~');
