// DELETE of a job cancels it: it stays in the list until its retention ends.

import { z } from 'zod';
import { cancelJob } from '../jobs/cancel.ts';
import { readJob } from '../jobs/read.ts';
import { taskVersions } from '../jobs/list.ts';
import { everyTenant } from '../jobs/tenancy.ts';
import { jsonAnswer, type KubeAnswer, type KubeApiContext } from './context.ts';
import { jobObject, type KubeJob } from './objects/jobObject.ts';
import { group, resource } from './resource.ts';
import { notFound, StatusError } from './status.ts';

/** Throws `NotFound`, or `Unavailable`. */
export async function jobIn(
  context: Pick<KubeApiContext, 'log' | 'follower' | 'clock'>,
  namespace: string,
  name: string,
): Promise<KubeJob> {
  const record = await readJob(context, everyTenant, name);
  const job = jobObject(taskVersions(record), context.follower.position().epoch);
  if (job.metadata.namespace !== namespace) throw notFound(name);
  return job;
}

const deleteOptions = z.object({
  dryRun: z.array(z.string()).nullish(),
  preconditions: z.object({ uid: z.string().nullish(), resourceVersion: z.string().nullish() }).nullish(),
});

export interface Cancel {
  readonly namespace: string;
  readonly name: string;
  readonly by: string;
  readonly query: URLSearchParams;
  /** `DeleteOptions` as JSON, or empty. */
  readonly body: string;
}

/** Throws `NotFound`, `Conflict` if the job has finished, `BadRequest`, or `Unavailable`. */
export async function cancelAnswer(context: KubeApiContext, cancel: Cancel): Promise<KubeAnswer> {
  const { namespace, name, by, query } = cancel;
  const { dryRun, preconditions } = optionsIn(cancel.body);
  const { metadata } = await jobIn(context, namespace, name);
  const { uid, resourceVersion } = preconditions ?? {};
  if ((uid ?? metadata.uid) !== metadata.uid) throw changed(name, 'UID', uid!, metadata.uid);
  if ((resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion)
    throw changed(name, 'ResourceVersion', resourceVersion!, metadata.resourceVersion);
  if (!query.getAll('dryRun').includes('All') && dryRun?.includes('All') !== true)
    await cancelJob(context, { tenant: everyTenant, job: name, by, running: 'stop' });
  // Without a uid: kubectl would wait until no job with this uid is left.
  const details = { name, group, kind: resource };
  return jsonAnswer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function optionsIn(body: string): z.infer<typeof deleteOptions> {
  if (body === '') return {};
  try {
    return deleteOptions.parse(JSON.parse(body));
  } catch {
    throw new StatusError('BadRequest', 'the body is not DeleteOptions as JSON');
  }
}

function changed(name: string, what: string, wanted: string, found: string): StatusError {
  const message = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`;
  return new StatusError('Conflict', message, { name, group, kind: resource });
}
