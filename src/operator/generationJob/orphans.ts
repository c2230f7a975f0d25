// Cancels open jobs whose GenerationJob no longer exists although no delete event arrived: it was deleted while no operator
// ran, or during the submit. Only a list requested after the job was seen counts as proof.

import { type ErrorCode, GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import type { Instant, TaskState } from '../../job/task.ts';
import { cancelJob } from '../../jobs/cancel.ts';
import type { EndedTask } from '../../jobs/context.ts';
import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import { logEndedTask } from '../../job/logEvents/taskEvents.ts';
import type { OperatorContext } from '../context.ts';
import { generationJobType } from '../resources/kinds.ts';
import type { OwnerIndex } from './ownerIndex.ts';

export type OrphanContext = CancelContext & Pick<OperatorContext, 'cluster' | 'watchNamespaces'>;

/**
 * `since` is the time at which this process had listed all resources. A namespace whose list fails is skipped. Throws the first
 * error after all namespaces have been processed.
 */
export async function cancelOrphans(context: OrphanContext, owners: OwnerIndex, since: Instant): Promise<void> {
  const failures: unknown[] = [];
  for (const [namespace, uids] of suspects(context, owners, since)) {
    try {
      const there = await existingUids(context, namespace);
      for (const uid of uids) if (!there.has(uid)) await cancelJobOf(context, namespace, jobIdOfOwner(uid));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** UIDs of owners that may have been deleted, by namespace. */
function suspects(
  { follower, watchNamespaces }: OrphanContext,
  owners: OwnerIndex,
  since: Instant,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { state } of follower.index.openTasks()) {
    const { owner, tenant, job } = state.of;
    if (owner === null || owners.keyOf(owner) !== undefined || job !== jobIdOfOwner(owner)) continue;
    if (owners.keyOfShown(job) !== undefined) continue;
    if (watchNamespaces.length > 0 && !watchNamespaces.includes(tenant)) continue;
    if (isRetriedByUser(state, since)) continue;
    found.set(tenant, (found.get(tenant) ?? new Set()).add(owner));
  }
  return found;
}

/** A user who retries a job after its resource was deleted wants it to run. */
const isRetriedByUser = ({ run, queuedAt }: TaskState, since: Instant): boolean => run > 1 && queuedAt > since;

/** The list of a deleted namespace is empty. */
async function existingUids({ cluster }: OrphanContext, namespace: string): Promise<ReadonlySet<string>> {
  const { items } = await cluster.list(generationJobType, { namespace });
  return new Set(items.map(({ metadata }) => metadata.uid));
}

export type CancelContext = Pick<OperatorContext, 'log' | 'follower' | 'clock' | 'heartbeats' | 'logger'>;

const nothingToCancel: readonly ErrorCode[] = ['JobNotFound', 'JobAlreadyFinished'];

/** Does nothing if the job does not exist or has finished. Throws `Unavailable`. */
export async function cancelJobOf(context: CancelContext, tenant: string, job: JobId): Promise<void> {
  const by = 'the deletion of its GenerationJob';
  try {
    const onTaskEnded = (ended: EndedTask): void => logEndedTask(context.logger, ended);
    await cancelJob({ ...context, onTaskEnded }, { tenant, job, by, running: 'stop' });
  } catch (error) {
    if (!(error instanceof GenwardenError) || !nothingToCancel.includes(error.code)) throw error;
  }
}
