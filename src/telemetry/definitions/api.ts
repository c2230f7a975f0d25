// The metrics of each API process.

import { counter, gauge, histogram, tracedHistogram } from './define.ts';
import { overdueTasks } from './shared.ts';

/** Seconds; most answers take milliseconds, and after 30 s clients have given up. */
const answerBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Seconds; the first attempt takes less than a second; the retries of a receiver that is away take up to a day. */
const delayBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400] as const;

export const apiDefinitions = {
  httpRequestDuration: tracedHistogram(
    'genwarden_http_request_duration_seconds',
    'Response time, without event streams and waiting requests',
    ['method', 'route', 'code'],
    answerBuckets,
  ),
  submits: counter('genwarden_submits_total', 'Submits by outcome', ['pool', 'outcome']),
  submitsRefused: counter('genwarden_submits_refused_total', 'Submits that were refused or failed, by error code', [
    'pool',
    'code',
  ]),
  eventStreams: gauge('genwarden_event_streams', 'Open event streams'),
  authSourceUp: gauge(
    'genwarden_auth_source_up',
    '0 while the tokens file or the keys of the OpenID Connect issuer cannot be read, so that the last ones are in use',
    ['source'],
  ),
  webhookDeliveries: counter('genwarden_webhook_deliveries_total', 'Attempts to deliver a webhook', ['outcome']),
  webhookDelay: histogram(
    'genwarden_webhook_delivery_delay_seconds',
    'From an event to the receiver having accepted its webhook',
    [],
    delayBuckets,
  ),
  webhooksPending: gauge('genwarden_webhook_pending', 'Webhook deliveries to be sent'),
  webhooksDead: gauge('genwarden_webhook_dead', 'Webhook deliveries that were given up'),
  overdueTasks,
} as const;
