// GET /v1/activity: the figures of the last hour, from this API's memory.

import type { FastifySchema } from 'fastify';
import { GenwardenError } from '../../job/errors/index.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Api, ApiContext } from '../options.ts';
import { activitySchema } from '../view/activitySchemas.ts';
import { activityView } from '../view/activityView.ts';

export function activityRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'getActivity',
    summary: "The tenant's tasks now, and the last hour by minute: outcomes, latency, and how many were open",
    description:
      'From the memory of the API process, which fills it from the log when it starts. While it is cut off from NATS it answers what it knew, and `behindMs` grows.',
    tags: ['jobs'],
    response: { 200: activitySchema },
    answers: { 200: { says: 'The figures.', headers: ['Cache-Control'] } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/activity', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const { follower } = context;
    if (follower.position().epoch === '') {
      throw new GenwardenError('NotReady', `This API process knows no tasks yet: ${follower.ready().reason}`);
    }
    return reply.header('cache-control', 'no-store').send(activityView(context, principalOf(request).tenant));
  });
}
