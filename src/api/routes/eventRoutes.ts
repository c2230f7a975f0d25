// GET /v1/events and GET /v1/jobs/{id}/events: server-sent events.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { z } from 'zod';
import { principalOf } from '../auth/authenticate.ts';
import { eventStream, hasSeenEnd, problemText, type EventRequest } from '../events/eventStream.ts';
import { readJob } from '../../jobs/read.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams, linkQuery } from '../validation.ts';
import { addressOf } from '../view/address.ts';
import { accessLoss, requestEnd } from '../heldRequest.ts';
import { jobEventSchema, jobsEventSchema } from '../view/eventSchemas.ts';
import { refuseStale } from './listRoute.ts';

const about = `Server-sent events. \`snapshot\` comes first. Each transition then sends \`task\` and, if it is the job's newest, \`job\`,
both with an id. \`progress\` has no id, and neither has \`waiting\`, which is sent in the events of one job when what a task waits for
changes although its state does not. In the events of one job, \`progress\` may have \`partial\`, the next piece of the text of a running task. A client that reconnects with \`Last-Event-ID\` gets the events it missed and no
snapshot. If it missed too many, or the stream was replaced, it gets \`reset\` and a snapshot. When the token is revoked or expires,
\`problem\` with a problem document is the last event.`;

const headers = z.looseObject({
  'last-event-id': z.string().optional().describe('The id of the last event that the client received.'),
});

const eventsOf = (event: z.ZodType) => ({
  200: { content: { 'text/event-stream': { schema: event } } },
});

export function eventRoutes(app: Api, context: ApiContext): void {
  const all = {
    operationId: 'watchJobs',
    summary: "Watch the tenant's jobs",
    description: about,
    tags: ['events'],
    headers,
    response: eventsOf(jobsEventSchema),
    answers: { 200: { says: 'Events, until the client disconnects.', headers: ['Cache-Control'] } },
    problems: ['NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/events', { config: { scope: 'jobs:read' }, schema: all }, async (request, reply) => {
    refuseStale(context);
    const { tenant } = principalOf(request);
    const events = { tenant, job: undefined, lastEventId: request.headers['last-event-id'] };
    return send(context, request, reply, events);
  });
  const one = {
    ...all,
    operationId: 'watchJob',
    summary: 'Watch a job until it has finished',
    description: `${about} A \`job\` event with a terminal state is the last one.`,
    params: jobParams,
    querystring: z.strictObject({ link: linkQuery }),
    response: { ...eventsOf(jobEventSchema), 204: z.undefined() },
    answers: {
      200: { says: 'Events, until the job has finished.', headers: ['Cache-Control'] },
      204: {
        says: 'The job has finished, and the client has its last event: it need not reconnect.',
        headers: ['Cache-Control'],
      },
    },
  } satisfies FastifySchema;
  app.get(
    '/v1/jobs/:id/events',
    { config: { scope: 'jobs:read', readableByLink: true }, schema: one },
    async (request, reply) => {
      refuseStale(context);
      const { tenant } = principalOf(request);
      const record = await readJob(context, tenant, request.params.id);
      const lastEventId = request.headers['last-event-id'];
      if (hasSeenEnd(context, record, lastEventId)) return reply.header('cache-control', 'no-store').code(204).send();
      const address = addressOf(context, request);
      return send(context, request, reply, { tenant, job: record.job, lastEventId, address });
    },
  );
}

const stalledMs = 30_000;
/** After this time the client must reconnect; it loses no events. */
const maxStreamMs = 3_600_000;

function send(context: ApiContext, request: FastifyRequest, reply: FastifyReply, events: EventRequest): FastifyReply {
  reply
    .header('cache-control', 'private, no-cache, no-transform')
    .header('x-accel-buffering', 'no')
    .type('text/event-stream; charset=utf-8');
  // Without a body there is nothing to wait for, and the next request on the connection would wait for the end.
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  const stalled = new AbortController();
  const end = requestEnd(context, request, reply);
  const signal = AbortSignal.any([end, stalled.signal, AbortSignal.timeout(maxStreamMs)]);
  const source = whileAdmitted(eventStream(context, events, signal), end, request.id);
  const text = unlessStalled(source, context.events?.stalledMs ?? stalledMs, () => {
    stalled.abort();
    reply.raw.destroy();
  });
  return reply.send(Readable.from(text, { objectMode: false, highWaterMark: 65_536 }));
}

/** Ends with a `problem` event when the sender loses its access; whatever comes then is not sent. */
async function* whileAdmitted(
  source: AsyncIterable<string>,
  end: AbortSignal,
  requestId: string,
): AsyncGenerator<string> {
  for await (const text of source) {
    if (accessLoss(end) !== undefined) break;
    yield text;
  }
  const loss = accessLoss(end);
  if (loss !== undefined) yield problemText(loss, requestId);
}

/** Calls `stalled` when the client's socket is full and the client has read nothing for `afterMs`. */
async function* unlessStalled(
  source: AsyncIterable<string>,
  afterMs: number,
  stalled: () => void,
): AsyncGenerator<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const text of source) {
      timer = setTimeout(stalled, afterMs);
      yield text;
      clearTimeout(timer);
    }
  } finally {
    clearTimeout(timer);
  }
}
