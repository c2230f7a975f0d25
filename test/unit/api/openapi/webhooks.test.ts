// The OpenAPI document describes what receivers of webhooks get, as it is really sent.

import { expect, test } from 'vitest';
import { finishedData, payloadOf, taskData } from '../../../../src/webhooks/payload.ts';
import { webhookEventSchema } from '../../../../src/api/openapi/webhooks.ts';
import { openApiDocument } from '../../../../src/api/openapi/document.ts';
import { webhookEvents } from '../../../../src/job/webhooks/eventTypes.ts';
import { failed, succeeded } from '../../../../src/job/transitions.ts';
import { taskError } from '../../../../src/job/errors/index.ts';
import type { JsonObject } from '../../../../src/job/jsonValue.ts';
import type { WebhookDelivery } from '../../../../src/job/webhooks/delivery.ts';
import { runningTask } from '../../../fakes/tasks.ts';

const links = {
  job: 'https://g.example/v1/jobs/a?link=x',
  events: 'https://g.example/v1/jobs/a/events?link=x',
  artifacts: [{ task: 0, name: null, artifact: 'image', mediaType: 'image/png', href: 'https://g.example/a' }],
  artifactsTotal: 1,
  expiresAt: '2026-12-05T22:47:08.535Z',
};

const sent = (event: WebhookDelivery['event'], data: JsonObject, withLinks: JsonObject = links): unknown =>
  JSON.parse(payloadOf({ event, at: 1_790_000_000_000, data } as WebhookDelivery, withLinks));

test('the schema has every field of each event, and no others', () => {
  const done = succeeded(runningTask(), 5);
  const error = taskError('WorkerError', 'it failed');
  const lost = failed(runningTask(), 'WorkerError', 5);
  const entries = [
    { state: done, detail: { message: 'Done' } },
    { state: lost, detail: { message: 'Failed', error } },
  ] as unknown as Parameters<typeof finishedData>[0];
  for (const payload of [
    sent('task.succeeded', taskData(done, { job: { a: 1 }, task: [1] })),
    sent('job.finished', finishedData(entries, { a: 1 })),
    sent('job.finished', finishedData(entries.slice(0, 1), null), {}),
  ])
    expect(webhookEventSchema.parse(payload)).toEqual(payload);
});

test('the document names them', () => {
  const { webhooks, components } = openApiDocument([], { version: '1' }) as {
    webhooks: Record<string, { post: { requestBody: unknown } }>;
    components: { schemas: Record<string, { required: string[] }> };
  };
  expect(Object.keys(webhooks)).toEqual([...webhookEvents]);
  expect(JSON.stringify(webhooks['job.finished']!.post.requestBody)).toContain('#/components/schemas/WebhookEvent');
  expect(components.schemas['WebhookEvent']!.required).toEqual(['type', 'timestamp', 'data']);
});
