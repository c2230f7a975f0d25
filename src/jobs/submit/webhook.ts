// The webhook of a submit: its schema, and the checks that need the installation's settings.

import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { webhookEvents, type WebhookEvent } from '../../job/webhooks/eventTypes.ts';
import type { WebhookRules } from '../context.ts';

const maxUrl = 2_048;

export const webhookBody = z
  .strictObject({
    url: z
      .string()
      .max(maxUrl, `is longer than ${maxUrl} characters`)
      .superRefine((text, context) => {
        const message = urlProblem(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .meta({ minLength: 1, maxLength: maxUrl, format: 'uri' })
      .describe('Gets the events by POST. https, or http for a host that the installation allows.'),
    events: z
      .array(z.enum(webhookEvents, `is not one of ${webhookEvents.join(', ')}`))
      .min(1, 'is empty: omit it for job.finished')
      .max(webhookEvents.length, 'names an event twice')
      .refine((events) => new Set(events).size === events.length, 'names an event twice')
      .optional()
      .describe('Default: job.finished.'),
  })
  .describe("Where the job's events go, signed as in Standard Webhooks.");

export type WebhookBody = z.infer<typeof webhookBody>;

/** In the order of the list, so that equal choices share memory. */
export const eventsOf = ({ events = ['job.finished'] }: WebhookBody): readonly WebhookEvent[] =>
  webhookEvents.filter((event) => events.includes(event));

/** Throws `WebhookUrlRefused` or `WebhookSecretMissing`. Without rules, the sender is the first to check. */
export function refuseWebhook(rules: WebhookRules | undefined, tenant: string, webhook: WebhookBody | undefined): void {
  if (rules === undefined || webhook === undefined) return;
  const { protocol, hostname } = new URL(webhook.url);
  if (protocol === 'http:' && !rules.isAllowed(hostname)) {
    const message = `webhook.url uses http to ${hostname}, which the installation does not allow`;
    const errors = [{ path: 'webhook.url', message: 'must be an https URL' }];
    throw new GenwardenError('WebhookUrlRefused', message, { details: { errors } });
  }
  if (!rules.hasSecret(tenant)) {
    throw new GenwardenError('WebhookSecretMissing', `Tenant ${tenant} has no secret to sign webhooks with`);
  }
}

function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL such as https://app.example.com/hooks';
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must be an https URL, or http where the host is allowed';
  if (username !== '' || password !== '') return 'has a user name or password: the signature identifies the sender';
  if (hash !== '') return 'has a fragment (#…), which is never sent';
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for.
  if (/[\u0000-\u0020]/.test(text)) return 'has spaces or control characters';
  return undefined;
}
