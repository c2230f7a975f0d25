// The routes of artifacts: downloads of results, here, and uploads of reference images.

import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { TaskRecord } from '../../../ports/jobLog.ts';
import { principalOf } from '../../auth/authenticate.ts';
import { findTask, readJob } from '../../../jobs/read.ts';
import type { Api, ApiContext } from '../../options.ts';
import { integerQuery, jobParams, linkQuery } from '../../validation.ts';
import { bytesAnswers, bytesProblems, bytesRequestHeaders, redirectQuery, sendArtifact } from './artifactBytes.ts';
import { uploadRoute } from './uploadRoute.ts';

export function artifactRoutes(app: Api, context: ApiContext): void {
  downloadRoute(app, context);
  // In a separate scope, because only an upload may have an image as its body.
  void app.register(async (scope: Api) => uploadRoute(scope, context));
}

function downloadRoute(app: Api, context: ApiContext): void {
  const run = integerQuery(1, 999_999).optional().describe("Default: the task's current run.");
  const schema = {
    operationId: 'downloadArtifact',
    summary: 'Download an artifact',
    tags: ['artifacts'],
    params: jobParams.extend({ task: z.string().describe("The task's index or name."), name: z.string() }),
    querystring: z.strictObject({ run, redirect: redirectQuery, link: linkQuery }),
    headers: bytesRequestHeaders,
    ...bytesAnswers,
    problems: ['TaskNotFound', ...bytesProblems],
  } satisfies FastifySchema;
  const url = '/v1/jobs/:id/tasks/:task/artifacts/:name';
  app.get(
    url,
    { config: { scope: 'jobs:read', readableByLink: true, shownByAddress: true }, schema },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id, task, name } = request.params;
      const record = await readJob(context, principal.tenant, id);
      const artifact = await artifactOf(context, findTask(record, task), name, request.query.run);
      const { tenant } = record.tasks[0]!.last.state.of;
      return sendArtifact(context, request, reply, { tenant, artifact });
    },
  );
}

/** Throws `ArtifactNotFound`. */
async function artifactOf(context: ApiContext, { last }: TaskRecord, name: string, run: number | undefined) {
  const { job, task, pool } = last.state.of;
  const entries = run === undefined || run === last.state.run ? [last] : await context.log.history(job, pool);
  const ofRun = entries.filter(({ state }) => state.of.task === task && state.run === (run ?? last.state.run));
  const found = ofRun.flatMap(({ detail }) => detail.artifacts ?? []).findLast((artifact) => artifact.name === name);
  if (found !== undefined) return found;
  const message = `Run ${run ?? last.state.run} of task ${task} has no artifact ${name}`;
  throw new GenwardenError('ArtifactNotFound', message);
}
