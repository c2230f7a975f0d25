// The log events of the API, and of the webhooks that it sends.

import { define } from './entry.ts';

const ofRequest = ['requestId', 'method', 'route', 'code', 'traceId'] as const;
const ofDelivery = ['delivery', 'tenant', 'job', 'webhookEvent', 'attempts', 'host'] as const;

export const apiEvents = define({
  api_listening: { level: 'info', fields: ['url'], when: 'The API is ready for requests.' },
  jobs_api_listening: {
    level: 'info',
    fields: ['url'],
    when: 'The API serves jobs to the aggregation layer of Kubernetes.',
  },
  jobs_api_waiting: {
    level: 'warn',
    fields: ['err'],
    when: 'What the aggregated API of jobs needs of Kubernetes cannot be read: its certificate, or whom to trust. Tried again.',
  },
  jobs_api_renewed: {
    level: 'info',
    fields: ['url'],
    when: 'The aggregated API of jobs serves with another certificate, or trusts another front proxy.',
  },
  jobs_api_request_error: {
    level: 'error',
    fields: ['err'],
    when: 'A request to the aggregated API of jobs failed unexpectedly, and was answered with 500. It points to a bug.',
  },
  request_failed: {
    level: 'warn',
    fields: ofRequest,
    when: 'A request was answered with a 5xx status that the error catalogue lists, such as 503.',
  },
  request_error: {
    level: 'error',
    fields: [...ofRequest, 'err'],
    when: 'A request failed unexpectedly, and was answered with 500. It points to a bug.',
  },
  held_request_ended: {
    level: 'info',
    fields: ['principal', 'code'],
    when: 'The API ended a request that it held open, because its principal lost access.',
  },
  artifact_not_deleted: {
    level: 'warn',
    fields: ['digest', 'err'],
    when: 'An artifact of a deleted job could not be deleted. It expires.',
  },
  download_cut: {
    level: 'warn',
    fields: ['path', 'err'],
    when: 'A download ended before its last byte, because the store failed or the client took nothing.',
  },
  tokens_reloaded: { level: 'info', fields: ['path'], when: 'The API uses the changed tokens file.' },
  tokens_unreadable: {
    level: 'error',
    fields: ['path', 'err'],
    when: 'The tokens file cannot be read. The previous tokens stay valid.',
  },
  oidc_unavailable: { level: 'warn', fields: ['issuer', 'code'], when: "The issuer's keys cannot be read." },
  oidc_keys_read: {
    level: 'info',
    fields: ['issuer', 'keys'],
    when: 'The issuer publishes other keys, or answers again.',
  },
  sign_in_failed: { level: 'warn', fields: ['code'], when: 'A person could not sign in at the issuer.' },
  pool_paused: { level: 'warn', fields: ['pool', 'for'], when: 'A person or a WorkerPool paused a pool.' },
  pool_resumed: { level: 'info', fields: ['pool'], when: 'A person or a WorkerPool resumed a pool.' },
});

export const webhookEvents = define({
  webhook_retried: {
    level: 'info',
    fields: [...ofDelivery, 'reason', 'error'],
    when: 'A webhook could not be delivered. It is sent again later.',
  },
  webhook_dead: { level: 'warn', fields: [...ofDelivery, 'reason', 'error'], when: 'A webhook was given up.' },
  webhook_not_stored: {
    level: 'warn',
    fields: ['job', 'task', 'sequence', 'err'],
    when: 'A webhook delivery cannot be stored yet. The process tries again.',
  },
  webhook_events_skipped: {
    level: 'error',
    fields: ['job', 'task', 'sequence', 'err'],
    when: 'The webhook events of a transition cannot be determined. They are left out.',
  },
  webhook_collecting_stopped: { level: 'warn', fields: ['err'], when: 'Collecting webhook events stopped.' },
  webhooks_unavailable: { level: 'error', fields: ['err'], when: 'This process sends no webhooks.' },
  webhook_secrets_reloaded: {
    level: 'info',
    fields: ['path', 'tenants'],
    when: 'The changed webhook secrets are used.',
  },
  webhook_secrets_unusable: {
    level: 'error',
    fields: ['path', 'err'],
    when: 'The webhook secrets file cannot be used. The previous secrets stay in use.',
  },
});
