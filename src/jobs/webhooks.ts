// What clients can see and do about webhook deliveries: list the dead ones, send one again, and see what is pending for a job.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import type { Sequence } from '../job/time.ts';
import { resent, type DeliveryError, type WebhookDelivery } from '../job/webhooks/delivery.ts';
import type { DeliveryPage, WebhookDeliveries } from '../ports/webhookDeliveries.ts';
import type { JobsContext } from './context.ts';

export interface DeliveriesContext extends Pick<JobsContext, 'clock'> {
  readonly deliveries: WebhookDeliveries;
}

/** Oldest first; without those of jobs that have expired. `tenant` `*`: of all tenants. */
export async function deadDeliveries(
  { deliveries, clock }: DeliveriesContext,
  tenant: string,
  after: Sequence,
  limit: number,
): Promise<DeliveryPage> {
  const { items, next } = await deliveries.dead(tenant, after, limit);
  return { items: items.filter(({ delivery }) => delivery.expiresAt > clock.now()), next };
}

const maxTries = 8;

/** The delivery, pending again. Throws `DeliveryNotFound` or `DeliveryNotDead`. */
export async function resendDelivery(
  { deliveries, clock }: DeliveriesContext,
  tenant: string,
  id: string,
): Promise<WebhookDelivery> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const found = await deliveries.find(tenant, id);
    if (found === undefined || found.delivery.expiresAt <= clock.now())
      throw new GenwardenError('DeliveryNotFound', `There is no webhook delivery ${id}`);
    if (found.delivery.state !== 'dead')
      throw new GenwardenError('DeliveryNotDead', `The webhook delivery ${id} is ${found.delivery.state}`);
    const delivery = resent(found.delivery, clock.now());
    if ((await deliveries.write(delivery, found.sequence)) !== undefined) return delivery;
  }
  throw new GenwardenError('Unavailable', 'The delivery kept changing, so it could not be sent again');
}

/** The open deliveries of a job. */
export interface WebhookStatus {
  readonly pending: number;
  readonly dead: number;
  readonly nextAttemptAt: number | null;
  /** The newest error of a delivery that is not delivered yet. */
  readonly lastError: DeliveryError | null;
}

/** Undefined if the deliveries cannot be read now: an explanation is more useful without them than not at all. */
export async function webhookStatus(
  { deliveries }: DeliveriesContext,
  tenant: string,
  job: JobId,
): Promise<WebhookStatus | undefined> {
  const found = await deliveries.ofJob(tenant, job).catch(() => undefined);
  if (found === undefined) return undefined;
  const pending = found.filter(({ delivery }) => delivery.state === 'pending');
  const errors = found.flatMap(({ delivery }) => delivery.lastError ?? []);
  return {
    pending: pending.length,
    dead: found.length - pending.length,
    nextAttemptAt:
      pending.length === 0 ? null : Math.min(...pending.map(({ delivery }) => delivery.nextAt ?? Infinity)),
    lastError: errors.toSorted((one, other) => other.at - one.at)[0] ?? null,
  };
}
