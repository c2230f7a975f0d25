// The JSON of webhooks and their deliveries.

import type { DeliveryError, WebhookDelivery } from '../../job/webhooks/delivery.ts';
import { isoTime } from '../../job/time.ts';
import type { WebhookStatus } from '../../jobs/webhooks.ts';
import { isoTimeOrNull } from './taskView.ts';
import type { DeliveryView, WebhookStatusView } from './webhookSchemas.ts';

export function deliveryView(delivery: WebhookDelivery): DeliveryView {
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

export function webhookStatusView(status: WebhookStatus): WebhookStatusView {
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

const errorView = ({ reason, message, status, at }: DeliveryError): NonNullable<DeliveryView['lastError']> => ({
  reason,
  message,
  status: status ?? null,
  at: isoTime(at),
});
