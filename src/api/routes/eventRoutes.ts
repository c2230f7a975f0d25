// GET /v1/events and GET /v1/jobs/{id}/events: server-sent events.

import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { principalOf } from '../auth/authenticate.ts';
import { eventStream, type EventRequest } from '../events/eventStream.ts';
import { readJob } from '../../jobs/read.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams } from '../validation.ts';
import { requestEnd, problems } from './answers.ts';
import { refuseStale } from './listRoute.ts';

const about = `Server-sent events. \`snapshot\` comes first. Each transition then sends \`task\` and, if it is the job's newest, \`job\`,
both with an id. \`progress\` has no id, and neither has \`waiting\`, which is sent in the events of one job when what a task waits for
changes although its state does not. A client that reconnects with \`Last-Event-ID\` gets the events it missed and no
snapshot. If it missed too many, or the stream was replaced, it gets \`reset\` and a snapshot.`;

const headers = z.looseObject({
  'last-event-id': z.string().optional().describe('The id of the last event that the client received.'),
});

const response = {
  200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
  ...problems,
};

export function eventRoutes(app: Api, context: ApiContext): void {
  const all = {
    operationId: 'watchJobs',
    summary: "Watch the tenant's jobs",
    description: about,
    tags: ['events'],
    headers,
    response,
  };
  app.get('/v1/events', { config: { scope: 'jobs:read' }, schema: all }, async (request, reply) => {
    refuseStale(context);
    const { tenant, recheckMs } = principalOf(request);
    const events = { tenant, job: undefined, lastEventId: request.headers['last-event-id'] };
    return send(context, reply, events, recheckMs);
  });
  const one = {
    ...all,
    operationId: 'watchJob',
    summary: 'Watch a job until it has finished',
    description: `${about} A \`job\` event with a terminal state is the last one.`,
    params: jobParams,
  };
  app.get('/v1/jobs/:id/events', { config: { scope: 'jobs:read' }, schema: one }, async (request, reply) => {
    refuseStale(context);
    const { tenant, recheckMs } = principalOf(request);
    const { job } = await readJob(context, tenant, request.params.id);
    return send(context, reply, { tenant, job, lastEventId: request.headers['last-event-id'] }, recheckMs);
  });
}

const stalledMs = 30_000;
/** After this time the client must reconnect, so that its token is checked again; it loses no events. */
const maxStreamMs = 3_600_000;

function send(context: ApiContext, reply: FastifyReply, request: EventRequest, endAfterMs = maxStreamMs): FastifyReply {
  const stalled = new AbortController();
  const signal = AbortSignal.any([requestEnd(context, reply), stalled.signal, AbortSignal.timeout(endAfterMs)]);
  const text = unlessStalled(eventStream(context, request, signal), context.events?.stalledMs ?? stalledMs, () => {
    stalled.abort();
    reply.raw.destroy();
  });
  return reply
    .header('cache-control', 'no-cache, no-transform')
    .header('x-accel-buffering', 'no')
    .type('text/event-stream; charset=utf-8')
    .send(Readable.from(text, { objectMode: false, highWaterMark: 65_536 }));
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
