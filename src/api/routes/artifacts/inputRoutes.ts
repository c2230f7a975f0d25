// What a task was asked for: its input, and the bytes of its references.

import { count } from '../../../job/explain/format.ts';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { ArtifactRef } from '../../../job/task.ts';
import { inputReferences, modelInput } from '../../../jobs/modelInput.ts';
import { findTask, readJob } from '../../../jobs/read.ts';
import type { JobRecord, TaskRecord } from '../../../ports/jobLog.ts';
import { principalOf } from '../../auth/authenticate.ts';
import type { Api, ApiContext } from '../../options.ts';
import { integerQuery, jobParams } from '../../validation.ts';
import { modelInputSchema, modelInputView } from '../../view/inputSchemas.ts';
import { bytesAnswers, bytesProblems, bytesRequestHeaders, redirectQuery, sendArtifact } from './artifactBytes.ts';

const taskParams = jobParams.extend({ task: z.string().describe("The task's index or name.") });

export function inputRoutes(app: Api, context: ApiContext): void {
  inputRoute(app, context);
  referenceRoute(app, context);
}

function inputRoute(app: Api, context: ApiContext): void {
  const schema = {
    operationId: 'getInput',
    summary: 'Get the input of a task, as the model gets it',
    tags: ['jobs'],
    params: taskParams,
    response: { 200: modelInputSchema },
    answers: { 200: { says: 'The input of the current run.', headers: ['Cache-Control'] } },
    problems: ['TaskNotFound', 'ArtifactStoreFailed', 'ArtifactStoreUnavailable'],
  } satisfies FastifySchema;
  app.get('/v1/jobs/:id/tasks/:task/input', { config: { scope: 'jobs:read' }, schema }, async (request, reply) => {
    const record = await readJob(context, principalOf(request).tenant, request.params.id);
    const task = findTask(record, request.params.task);
    const input = await modelInput(context, record, task);
    return reply.header('cache-control', 'private, no-cache').send(modelInputView(task, input));
  });
}

function referenceRoute(app: Api, context: ApiContext): void {
  const n = integerQuery(0, 999).describe('The place of the reference in the input, from 0.');
  const schema = {
    operationId: 'downloadReference',
    summary: 'Download a reference image of a task',
    tags: ['artifacts'],
    params: taskParams.extend({ n }),
    querystring: z.strictObject({ redirect: redirectQuery }),
    headers: bytesRequestHeaders,
    ...bytesAnswers,
    problems: ['TaskNotFound', ...bytesProblems],
  } satisfies FastifySchema;
  const url = '/v1/jobs/:id/tasks/:task/references/:n';
  app.get(url, { config: { scope: 'jobs:read', shownByAddress: true }, schema }, async (request, reply) => {
    const { id, task, n: place } = request.params;
    const record = await readJob(context, principalOf(request).tenant, id);
    const { tenant } = record.tasks[0]!.last.state.of;
    const artifact = await referenceOf(context, record, findTask(record, task), place);
    return sendArtifact(context, request, reply, { tenant, artifact });
  });
}

/** Throws `ArtifactNotFound`. */
async function referenceOf(
  { artifacts }: ApiContext,
  record: JobRecord,
  task: TaskRecord,
  place: number,
): Promise<ArtifactRef> {
  const { of } = task.last.state;
  const all = inputReferences(record, task);
  const reference = all[place];
  if (reference === undefined)
    throw notFound(`Task ${of.task} has ${count(all.length, 'reference')}, so none at ${place}`);
  const { image, result } = reference;
  if (image === undefined) {
    const { task: other, name } = result!;
    throw notFound(
      `Reference ${place} of task ${of.task} is artifact ${name} of task ${other}, which does not have it yet`,
    );
  }
  const name = `reference-${place}`;
  // In jobs of earlier versions only the store knows the size.
  const bytes = image.bytes ?? (await artifacts.find(of.tenant, image.digest, image.path))?.bytes;
  if (bytes === undefined) throw notFound(`Reference ${place} of task ${of.task} is no longer stored`);
  return { ...image, name, bytes };
}

const notFound = (message: string): GenwardenError => new GenwardenError('ArtifactNotFound', message);
