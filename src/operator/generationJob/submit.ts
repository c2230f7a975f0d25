// Submits the job of a resource: by the API's own function, as the one job that this resource can ever make.

import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { readJob } from '../../jobs/read.ts';
import { jobIdOfOwner, submitJob } from '../../jobs/submit/index.ts';
import { catalogue, GenwardenError } from '../../job/errors/index.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorParts } from '../parts.ts';
import { parseGenerationJob, type GenerationJob } from '../resources/generationJob.ts';
import { submitBodyOf } from './body.ts';

type Parts = Pick<OperatorParts, 'log' | 'follower' | 'clock' | 'pools' | 'artifacts' | 'retentionMs' | 'random'>;

/** The job, new or there already. Throws a code of the catalogue, `JobNotFound` where it was there and is no more. */
export async function submitOf(parts: Parts, resource: GenerationJob): Promise<JobRecord> {
  const parsed = parseGenerationJob(resource);
  if ('problems' in parsed) throw invalidRequest(parsed.problems);
  const { namespace: tenant, uid: owner } = resource.metadata;
  const body = submitBodyOf(parsed.spec, resource.metadata);
  try {
    return (await submitJob(parts, { tenant, owner, body, idempotencyKey: undefined })).record;
  } catch (error) {
    if (!(error instanceof GenwardenError) || catalogue[error.code].retryable || error.code === 'JobNotFound')
      throw error;
    return await submittedBefore(parts, resource, error);
  }
}

/**
 * A refusal does not count where the job was stored before what it needs went away, by a process that died before it could say
 * so.
 */
async function submittedBefore(parts: Parts, { metadata }: GenerationJob, refusal: GenwardenError): Promise<JobRecord> {
  return readJob(parts, metadata.namespace, jobIdOfOwner(metadata.uid)).catch((error: unknown) => {
    throw error instanceof GenwardenError && error.code === 'JobNotFound' ? refusal : error;
  });
}
