// GET /v1/jobs.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { isJobId } from '../../job/ids.ts';
import { openStates } from '../../job/task.ts';
import { principalOf } from '../auth/authenticate.ts';
import { proveCurrent } from '../../jobs/current.ts';
import { listJobs, type ListPage, type ListRequest } from '../../jobs/list.ts';
import { searchFor } from '../../jobs/search.ts';
import type { ListPosition } from '../../readmodel/jobOrder.ts';
import type { Api, ApiContext } from '../options.ts';
import { integerQuery, repeatable } from '../validation.ts';
import { listedJobView } from '../view/jobView.ts';
import { jobListSchema } from '../view/schemas.ts';
import { isoTimeOrNull } from '../view/taskView.ts';
import { liveOf } from './answers.ts';
import { stateFilter } from './jobRoutes.ts';

const querystring = z.strictObject({
  state: stateFilter,
  pool: z.string().optional(),
  kind: z.enum(['image', 'text']).optional(),
  label: repeatable(z.string().regex(/^[^=]+=[^=]*$/, 'is not key=value'), '`key=value`. Repeatable: all must match.'),
  search: z
    .string()
    .trim()
    .min(1, 'is empty')
    .max(200, 'is longer than 200 characters')
    .optional()
    .describe(
      "Words, which must all match: the start of the job's id, or a part of a label, of the pool or of `prompt`. Upper and lower case are the same.",
    ),
  limit: integerQuery(1, 500).optional().describe('Jobs per page; default 50.'),
  cursor: z.string().optional().describe('`next` of the previous page.'),
});

export function listRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'listJobs',
    summary: 'List jobs, newest first, without their tasks and metadata',
    tags: ['jobs'],
    querystring,
    response: { 200: jobListSchema },
    answers: { 200: { says: 'A page of jobs.', headers: ['Cache-Control'] } },
    problems: ['InvalidCursor', 'NotReady'],
  } satisfies FastifySchema;
  app.get('/v1/jobs', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    refuseStale(context);
    const { state = [], pool, kind, label = [], search, limit = 50, cursor } = request.query;
    const asked = {
      tenant: principalOf(request).tenant,
      states: new Set(state.flatMap((name) => (name === 'open' ? openStates : [name]))),
      pool,
      kind,
      labels: label.map((text) => text.split('=', 2) as [string, string]),
      search: search === undefined ? undefined : searchFor(search),
      limit,
      before: cursor === undefined ? undefined : positionOf(cursor),
    };
    const { jobs, next, complete, since } = await listSurely(context, asked);
    const live = await liveOf(context, jobs.flat());
    return reply.header('cache-control', 'no-cache').send({
      items: jobs.map((tasks) => listedJobView(tasks, live)),
      next: next === null ? null : cursorOf(next),
      complete,
      since: isoTimeOrNull(since),
    });
  });
}

/** An empty list says that there is nothing, so it never comes from an index that is behind. Throws `Unavailable` and `NotReady`. */
async function listSurely(context: ApiContext, asked: ListRequest): Promise<ListPage> {
  const page = await listJobs(context, asked);
  if (page.jobs.length > 0) return page;
  await proveCurrent(context);
  return listJobs(context, asked);
}

/** ms; longer than a failover of NATS (6 to 8 s). After that, other processes may have made changes unknown to this one. */
const maxLag = 10_000;

/** Throws `NotReady` while the index is empty or outdated, because it has not read the stream yet or lags too far behind. */
export function refuseStale({ follower }: ApiContext): void {
  const { ready, reason } = follower.ready();
  if (ready || (follower.position().epoch !== '' && follower.lag() <= maxLag)) return;
  throw new GenwardenError('NotReady', `The index of this API process is not current: ${reason}`);
}

const cursorOf = ({ submittedAt, job }: ListPosition): string =>
  Buffer.from(`${submittedAt}.${job}`).toString('base64url');

function positionOf(cursor: string): ListPosition {
  const [submittedAt = '', job = '', ...rest] = Buffer.from(cursor, 'base64url').toString('latin1').split('.');
  if (/^\d{1,15}$/.test(submittedAt) && isJobId(job) && rest.length === 0) {
    return { submittedAt: Number(submittedAt), job };
  }
  throw new GenwardenError('InvalidCursor', 'The cursor does not come from this list');
}
