// POST …/cancel, …/retry and …/review.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { principalOf } from '../auth/authenticate.ts';
import type { Right } from '../../ports/kubernetesReviews.ts';
import { cancelJob } from '../../jobs/cancel.ts';
import { taskVersions } from '../../jobs/list.ts';
import { retryJob } from '../../jobs/retry.ts';
import { reviewTask } from '../../jobs/review.ts';
import type { Api, ApiContext } from '../options.ts';
import { jobParams } from '../validation.ts';
import { jobView } from '../view/jobView.ts';
import { jobSchema } from '../view/schemas.ts';
import { jobAnswer, jobHeaders, liveOf } from './answers.ts';

const text = z.string().max(4_000, 'is longer than 4000 characters');

const reviewBody = z
  .strictObject({
    run: z.int().min(1).describe('The run that was reviewed.'),
    decision: z.enum(['approve', 'reject', 'tweak']),
    instruction: text
      .meta({ pattern: '\\S' })
      .optional()
      .describe('What to change; only with tweak. Default: the reasons of the flags, if the result has any.'),
    note: text.optional().describe('Stored with the decision.'),
  })
  .refine(({ instruction }) => instruction === undefined || instruction.trim() !== '', {
    path: ['instruction'],
    message: 'is empty',
  })
  .refine(({ decision, instruction }) => decision === 'tweak' || instruction === undefined, {
    path: ['instruction'],
    message: 'is only accepted with the decision tweak',
  });

/** The right that the user of a Kubernetes token needs. */
const right: Right = { verb: 'update', resource: 'generationjobs' };

export function changeRoutes(app: Api, context: ApiContext): void {
  cancelRoute(app, context);
  retryRoute(app, context);
  reviewRoute(app, context);
}

function cancelRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'cancelJob',
    summary: 'Cancel a job; finished tasks keep their results',
    tags: ['jobs'],
    params: jobParams,
    body: z.strictObject({
      running: z.enum(['stop', 'finish']).optional().describe('`finish` lets running tasks finish; default `stop`.'),
    }),
    response: { 200: jobSchema },
    answers: { 200: { ...jobAnswer, says: 'The job, which is cancelled, or finishes its running tasks.' } },
    problems: ['JobAlreadyFinished', 'StorageFull'],
  } satisfies FastifySchema;
  app.post('/v1/jobs/:id/cancel', { config: { scope: 'jobs:write', right }, schema }, async (request, reply) => {
    const { tenant, name: by } = principalOf(request);
    const { running = 'stop' } = request.body;
    const record = await cancelJob(context, { tenant, job: request.params.id, by, running });
    const live = await liveOf(context, taskVersions(record));
    return jobHeaders(reply, record, context.clock.now(), live).send(jobView(record, live));
  });
}

function retryRoute(app: Api, context: ApiContext): void {
  const tasks = z.array(z.union([z.string(), z.int().min(0)])).min(1, 'is empty: omit it to retry all');
  const schema = {
    operationId: 'retryJob',
    summary: 'Start a new run of the failed and cancelled tasks of a finished job',
    tags: ['jobs'],
    params: jobParams,
    body: z.strictObject({
      tasks: tasks.max(500).optional().describe('Names or indexes; default: all failed and cancelled tasks.'),
    }),
    response: { 202: jobSchema },
    answers: { 202: { ...jobAnswer, says: 'The job, whose tasks are queued again.' } },
    problems: [
      'TaskNotFound',
      'JobNotFinished',
      'NothingToRetry',
      'DependenciesNotRetried',
      'JobExpiresTooSoon',
      'ConcurrencyConflict',
      'StorageFull',
    ],
  } satisfies FastifySchema;
  app.post('/v1/jobs/:id/retry', { config: { scope: 'jobs:write', right }, schema }, async (request, reply) => {
    const { tenant, name: by } = principalOf(request);
    const named = request.body.tasks;
    const retry = { tenant, job: request.params.id, by, ...(named === undefined ? {} : { tasks: named }) };
    const record = await retryJob(context, retry);
    const live = await liveOf(context, taskVersions(record));
    return jobHeaders(reply, record, context.clock.now(), live).code(202).send(jobView(record, live));
  });
}

function reviewRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'reviewTask',
    summary: 'Approve, reject or tweak a result in review',
    tags: ['jobs'],
    params: jobParams.extend({ task: z.string().describe("The task's index or name.") }),
    body: reviewBody,
    response: { 200: jobSchema, 202: jobSchema },
    answers: {
      200: { ...jobAnswer, says: 'The job after the decision.' },
      202: { ...jobAnswer, says: 'The job, whose task is queued again with the instruction.' },
    },
    problems: ['TaskNotFound', 'NotInReview', 'StorageFull'],
  } satisfies FastifySchema;
  app.post(
    '/v1/jobs/:id/tasks/:task/review',
    { config: { scope: 'jobs:write', right }, schema },
    async (request, reply) => {
      const { tenant, name: by } = principalOf(request);
      const { id: job, task } = request.params;
      const record = await reviewTask(context, { tenant, job, task, by, review: request.body });
      const code = request.body.decision === 'tweak' ? 202 : 200;
      const live = await liveOf(context, taskVersions(record));
      return jobHeaders(reply, record, context.clock.now(), live).code(code).send(jobView(record, live));
    },
  );
}
