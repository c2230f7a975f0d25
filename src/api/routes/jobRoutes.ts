// GET and DELETE /v1/jobs/{id}, and GET …/history.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { openStates, taskStates, type TaskState } from '../../job/task.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { JobRecord, TaskRecord } from '../../ports/jobLog.ts';
import { principalOf } from '../auth/authenticate.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import { deleteJob } from '../../jobs/delete.ts';
import { taskVersions } from '../../jobs/list.ts';
import { readJob } from '../../jobs/read.ts';
import { versionOf, waitForJob, type JobVersion } from '../../jobs/wait.ts';
import type { Api, ApiContext } from '../options.ts';
import { booleanQuery, ifNoneMatch, jobParams, linkQuery, repeatable, waitQuery } from '../validation.ts';
import { addressOf } from '../view/address.ts';
import { historyView } from '../view/transitionView.ts';
import { jobView } from '../view/jobView.ts';
import { historySchema, jobSchema } from '../view/schemas.ts';
import { accessLoss, requestEnd } from '../heldRequest.ts';
import { isNamed, jobAnswer, jobHeaders, jobTag, liveOf } from './answers.ts';

export const stateFilter = repeatable(
  z.enum([...taskStates, 'open']),
  'A state, or `open` for all open states. Repeatable.',
);

export function jobRoutes(app: Api, context: ApiContext): void {
  getJob(app, context);
  getHistory(app, context);
  removeJob(app, context);
}

function getJob(app: Api, context: ApiContext): void {
  const querystring = z.strictObject({
    tasks: booleanQuery.optional().describe('`false` omits the tasks.'),
    taskState: stateFilter,
    link: linkQuery,
    wait: waitQuery.describe(
      'With If-None-Match, waits until the job changes, and responds with 304 if it does not. Without it, waits until the job has finished or only waits for a reviewer.',
    ),
  });
  const schema = {
    operationId: 'getJob',
    summary: 'Get a job with its tasks',
    tags: ['jobs'],
    params: jobParams,
    querystring,
    headers: z.looseObject({ 'if-none-match': ifNoneMatch }),
    response: { 200: jobSchema, 304: z.undefined() },
    answers: { 200: jobAnswer, 304: { ...jobAnswer, says: 'The job matches If-None-Match.' } },
  } satisfies FastifySchema;
  app.get('/v1/jobs/:id', { config: { scope: 'jobs:read', readableByLink: true }, schema }, async (request, reply) => {
    const { tenant } = principalOf(request);
    const { tasks, taskState = [], wait = '0s' } = request.query;
    const known = request.headers['if-none-match'];
    const record = await jobAfterWait(context, tenant, request.params.id, known, parseDuration(wait)!, () =>
      requestEnd(context, request, reply),
    );
    const live = await liveOf(context, taskVersions(record), addressOf(context, request));
    jobHeaders(reply, record, context.clock.now(), live);
    if (isNamed(known, jobTag(record))) return reply.code(304).send();
    const shown = statesNamed(taskState);
    const only = tasks === false ? 'none' : ({ last }: TaskRecord) => shown(last.state);
    return reply.send(jobView(record, live, only));
  });
}

/** The job after waiting until it changes, or until it has finished or only waits for a reviewer. */
async function jobAfterWait(
  context: ApiContext,
  tenant: string,
  id: string,
  known: string | undefined,
  waitMs: number,
  requestEnded: () => AbortSignal,
): Promise<JobRecord> {
  const record = await readJob(context, tenant, id);
  const { revision, settled } = versionOf(record);
  const mustWait = known === undefined ? !settled : isNamed(known, jobTag(record));
  if (waitMs === 0 || !mustWait) return record;
  const enough = (version: JobVersion): boolean =>
    known === undefined ? version.settled : version.revision > revision;
  const end = requestEnded();
  await waitForJob(context, record, enough, waitMs, end);
  const loss = accessLoss(end);
  if (loss !== undefined) throw loss;
  return readJob(context, tenant, id);
}

/** True for the named states, or for every state if none is named. */
function statesNamed(names: readonly string[]): (state: Pick<TaskState, 'state'>) => boolean {
  const states = new Set(names.flatMap((name) => (name === 'open' ? openStates : [name])));
  return ({ state }) => states.size === 0 || states.has(state);
}

function getHistory(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'getHistory',
    summary: 'List every transition of every task',
    tags: ['jobs'],
    params: jobParams,
    response: { 200: historySchema },
    answers: { 200: { says: 'The transitions, in the order in which they were stored.', headers: ['Cache-Control'] } },
  } satisfies FastifySchema;
  app.get('/v1/jobs/:id/history', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const record = await readJob(context, principalOf(request).tenant, request.params.id);
    const entries = await context.log.history(record.job, record.tasks[0]!.last.state.of.pool);
    return reply.header('cache-control', 'no-cache').send({ items: historyView(entries), next: null });
  });
}

function removeJob(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'deleteJob',
    summary: 'Permanently delete a finished job and its artifacts',
    tags: ['jobs'],
    params: jobParams,
    response: { 204: z.undefined() },
    answers: { 204: { says: 'The job was deleted.' } },
    problems: ['JobNotFinished'],
  } satisfies FastifySchema;
  const right: Right = { verb: 'delete', resource: 'generationjobs' };
  app.delete('/v1/jobs/:id', { config: { scope: 'jobs:write', right }, schema }, async (request, reply) => {
    const left = await deleteJob(context, principalOf(request).tenant, request.params.id);
    for (const { digest, error } of left) {
      const message = 'Could not delete an artifact of a deleted job; it will expire';
      logEvent(context.logger, 'artifact_not_deleted', { err: error, digest }, message);
    }
    return reply.code(204).send();
  });
}
