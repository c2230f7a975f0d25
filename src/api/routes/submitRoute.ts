// POST /v1/jobs.

import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import { principalOf } from '../auth/authenticate.ts';
import { taskVersions } from '../../jobs/list.ts';
import { readJob } from '../../jobs/read.ts';
import { versionOf, waitForJob } from '../../jobs/wait.ts';
import type { Api, ApiContext } from '../options.ts';
import { asGenwardenError, problemCodeOf } from '../errorHandler.ts';
import { submitBody, type SubmitBody } from '../../jobs/submit/body.ts';
import { SubmitCounts } from '../submitCounts.ts';
import { submitInTrace } from '../submitInTrace.ts';
import { keepBodyRoom } from '../bodyRoom.ts';
import type { Submitted } from '../../jobs/submit/index.ts';
import { submitWarnings } from '../../jobs/submit/warnings.ts';
import { waitQuery } from '../validation.ts';
import { jobView } from '../view/jobView.ts';
import { submittedJobSchema } from '../view/schemas.ts';
import type { Live } from '../view/taskView.ts';
import type { WarningView } from '../view/warningSchema.ts';
import { warningView } from '../view/warningView.ts';
import { accessLoss, requestEnd } from '../heldRequest.ts';
import { jobAnswer, jobHeaders, liveOf } from './answers.ts';

const headers = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'is not 1 to 255 printable ASCII characters')
    .optional()
    .describe('Requests with the same key and body create one job, as long as that job is kept.'),
});

const answerHeaders = [...jobAnswer.headers, 'Location'] as const;
const links = ['getJob', 'watchJob', 'getHistory', 'explainJob', 'cancelJob', 'retryJob', 'deleteJob'];

const schema = {
  operationId: 'submitJob',
  summary: 'Submit a job',
  tags: ['jobs'],
  headers,
  querystring: z.strictObject({
    wait: waitQuery.describe('Waits until the job has finished or only waits for a reviewer, up to 60s.'),
  }),
  body: submitBody,
  response: { 200: submittedJobSchema, 202: submittedJobSchema },
  answers: {
    200: {
      says: 'The job has finished while `wait` lasted; or an earlier request with this Idempotency-Key stored it.',
      headers: [...answerHeaders, 'Idempotency-Replayed'],
      links,
    },
    202: { says: 'The job is stored.', headers: answerHeaders, links },
  },
  problems: [
    'PoolNotFound',
    'PoolNotAllowed',
    'ModelNotInPool',
    'PolicyExceedsRetention',
    'IdempotencyKeyReused',
    'WebhookSecretMissing',
    'WebhookUrlRefused',
    'ConcurrencyConflict',
    'InvalidImage',
    'ImageTooLarge',
    'ReferenceNotFound',
    'StorageFull',
    'ArtifactStoreFailed',
    'ArtifactStoreUnavailable',
  ],
} satisfies FastifySchema;

export function submitRoute(app: Api, context: ApiContext): void {
  const counts = new SubmitCounts({ ...context, usualCodes: ['InvalidRequest', ...schema.problems] });
  const onResponse = async (request: FastifyRequest): Promise<void> => {
    const code = problemCodeOf(request);
    if (code !== undefined) counts.refused(request, code);
  };
  app.post('/v1/jobs', { config: { scope: 'jobs:write' }, schema, onResponse }, async (request, reply) => {
    const { tenant } = principalOf(request);
    const { record, replayed } = await submitOnce(context, counts, tenant, request);
    const waitMs = parseDuration(request.query.wait ?? '0s')!;
    const after = await finished(context, tenant, record, waitMs, () => requestEnd(context, request, reply));
    const live = await liveOf(context, taskVersions(after));
    const warnings = await submitWarnings(context, after, !replayed && after === record);
    return answer(context, reply, { record: after, replayed }, live, warnings.map(warningView));
  });
}

/** The body and its room are free afterwards: the answer may wait for the job. */
async function submitOnce(
  context: ApiContext,
  counts: SubmitCounts,
  tenant: string,
  request: FastifyRequest & { body: SubmitBody },
): Promise<Submitted> {
  const release = keepBodyRoom(request);
  const { 'idempotency-key': idempotencyKey } = request.headers;
  const { body } = request;
  try {
    const submitted = await submitInTrace(context, request, {
      tenant,
      idempotencyKey: idempotencyKey?.toString(),
      body,
    });
    counts.stored(request, submitted.replayed);
    return submitted;
  } catch (error) {
    counts.refused(request, asGenwardenError(error).code);
    throw error;
  } finally {
    Object.assign(request, { body: undefined });
    release();
  }
}

/** Without a wait, the job as submitted; otherwise the job after it finished or only waits for a reviewer, or the wait ended. */
async function finished(
  context: ApiContext,
  tenant: string,
  record: JobRecord,
  waitMs: number,
  requestEnded: () => AbortSignal,
): Promise<JobRecord> {
  if (waitMs === 0 || versionOf(record).settled) return record;
  const end = requestEnded();
  await waitForJob(context, record, ({ settled }) => settled, waitMs, end);
  // Without access any more, the client still learns that its job is stored, and nothing that happened since.
  if (accessLoss(end) !== undefined) return record;
  // The job is stored, so a failing read must not make the submit look failed.
  return readJob(context, tenant, record.job).catch(() => record);
}

function answer(
  context: ApiContext,
  reply: FastifyReply,
  { record, replayed }: Submitted,
  live: Live,
  warnings: WarningView[],
) {
  const job = jobView(record, live);
  const waitedForEnd = !versionOf(record).open;
  if (replayed) reply.header('idempotency-replayed', 'true');
  const location = `${context.publicUrl ?? ''}/v1/jobs/${job.id}`;
  jobHeaders(reply, record, context.clock.now(), live).header('location', location);
  return reply.code(replayed || waitedForEnd ? 200 : 202).send({ ...job, warnings });
}
