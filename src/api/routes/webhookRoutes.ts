// GET /v1/webhooks/dead and POST /v1/webhooks/dead/{id}/resend.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import { deadDeliveries, resendDelivery } from '../../jobs/webhooks.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Api, ApiContext } from '../options.ts';
import { deliveryListSchema, deliverySchema } from '../view/webhookSchemas.ts';
import { deliveryView } from '../view/webhookView.ts';
import { integerQuery } from '../validation.ts';

export function webhookRoutes(app: Api, context: ApiContext): void {
  listRoute(app, context);
  resendRoute(app, context);
}

function listRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'listDeadWebhooks',
    summary: 'List webhook deliveries that were given up, oldest first',
    description: 'They stay in the list until they are sent again or their job expires.',
    tags: ['webhooks'],
    querystring: z.strictObject({
      limit: integerQuery(1, 300).optional().describe('Deliveries per page; default 50.'),
      cursor: z.string().optional().describe('`next` of the previous page.'),
    }),
    response: { 200: deliveryListSchema },
    answers: { 200: { says: 'A page of deliveries.', headers: ['Cache-Control'] } },
    problems: ['InvalidCursor', 'NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/webhooks/dead', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const { limit = 50, cursor } = request.query;
    const after = cursor === undefined ? 0 : sequenceOf(cursor);
    const { items, next } = await deadDeliveries(context, principalOf(request).tenant, after, limit);
    return reply.header('cache-control', 'no-cache').send({
      items: items.map(({ delivery }) => deliveryView(delivery)),
      next: next === null ? null : Buffer.from(`dead.${next}`).toString('base64url'),
    });
  });
}

function sequenceOf(cursor: string): number {
  const [, sequence] = /^dead\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (sequence !== undefined) return Number(sequence);
  throw new GenwardenError('InvalidCursor', 'The cursor does not come from this list');
}

/** The right that the user of a Kubernetes token needs. */
const right: Right = { verb: 'update', resource: 'generationjobs' };

function resendRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'resendWebhook',
    summary: 'Send a webhook delivery again that was given up',
    description: 'At once, with the same `webhook-id`, and with retries for a day.',
    tags: ['webhooks'],
    params: z.strictObject({ id: z.string().describe('The id of the delivery.') }),
    body: z.strictObject({}),
    response: { 202: deliverySchema },
    answers: { 202: { says: 'The delivery, which is pending again.' } },
    problems: ['DeliveryNotFound', 'DeliveryNotDead', 'NotReady', 'StorageFull'],
  } satisfies FastifySchema;
  app.post(
    '/v1/webhooks/dead/:id/resend',
    { config: { scope: 'jobs:write', right }, schema },
    async (request, reply) => {
      const delivery = await resendDelivery(context, principalOf(request).tenant, request.params.id);
      return reply.code(202).send(deliveryView(delivery));
    },
  );
}
