// What receivers of webhooks get, for the `webhooks` of the OpenAPI document.

import { z } from 'zod';
import { webhookEvents } from '../../job/webhooks/eventTypes.ts';
import { artifactLinkSchema } from '../view/linkSchemas.ts';
import { json, stateSchema } from '../view/schemas.ts';
import type { SchemaComponents } from './jsonSchema.ts';

const count = z.int().min(0);
const error = z.object({ code: z.string(), message: z.string(), retryable: z.boolean(), hint: z.string() });

export const webhookTaskSchema = z.object({
  index: count,
  name: z.string().nullable(),
  state: stateSchema,
  run: z.int().min(1),
  reason: z.string(),
  error: error.nullable(),
  metadata: json.optional().describe('Only in events of a task.'),
});

const links = z
  .object({
    job: z.url(),
    events: z.url(),
    artifacts: z.array(artifactLinkSchema).describe('The first 30.'),
    artifactsTotal: count,
    expiresAt: z.iso.datetime(),
  })
  .partial()
  .describe('Absolute addresses that need no token until `expiresAt`; empty if the job was deleted.');

export const webhookEventSchema = z
  .object({
    type: z.enum(webhookEvents),
    timestamp: z.iso.datetime().describe('When the event happened.'),
    data: z.object({
      job: z.string(),
      tenant: z.string(),
      labels: z.record(z.string(), z.string()),
      metadata: json,
      state: z.enum(['succeeded', 'failed', 'cancelled']).optional().describe('Only in `job.finished`.'),
      progress: z
        .object({ total: z.int().min(1), succeeded: count, failed: count, cancelled: count })
        .optional()
        .describe('Only in `job.finished`.'),
      failures: z.array(webhookTaskSchema).optional().describe('Only in `job.finished`: the first ten failed tasks.'),
      task: webhookTaskSchema.nullable().describe('The task of the event, or the only task of a finished job.'),
      links,
    }),
  })
  .describe('The body of a webhook. Verify its signature before you use it.');

const summaries = {
  'job.finished': 'A job has finished',
  'task.succeeded': 'A task has succeeded',
  'task.needs_review': 'A task needs a review',
} as const satisfies Record<(typeof webhookEvents)[number], string>;

const header = (name: string, description: string): object => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

const parameters = [
  header('webhook-id', 'The id of the event: the same for every attempt. Use it to ignore duplicates.'),
  header('webhook-timestamp', 'When this attempt was sent, in seconds since 1970.'),
  header('webhook-signature', '`v1,` and a signature, as in Standard Webhooks; one for each secret of the tenant.'),
];

/** By event. Each is a POST to the address that the job names. */
export function documentedWebhooks(components: SchemaComponents): Record<string, object> {
  const schema = components.of(webhookEventSchema, 'output');
  return Object.fromEntries(webhookEvents.map((event) => [event, { post: operation(event, schema) }]));
}

const operation = (event: (typeof webhookEvents)[number], schema: object): object => ({
  operationId: `on.${event}`,
  summary: summaries[event],
  description: 'Sent again until you answer 2xx, for 24 hours at most.',
  tags: ['webhooks'],
  security: [],
  parameters,
  requestBody: { required: true, content: { 'application/json': { schema } } },
  responses: {
    '2XX': { description: 'You have the event.' },
    '410': { description: 'You want no more attempts of this event.' },
    '5XX': { description: 'The event is sent again later, as after every other answer.' },
  },
});
