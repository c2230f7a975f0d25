// Open jobs whose resource is gone although nobody told of it: deleted while no operator ran, or submitted at the very moment of
// the deletion. Judged only by a list that was asked for after the job was seen.

import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import type { Instant, TaskState } from '../../job/task.ts';
import type { OperatorParts } from '../parts.ts';
import { generationJobType } from '../resources/kinds.ts';
import { cancelJobOf, type CancelParts } from './cancelJobOf.ts';
import type { Owners } from './owners.ts';

export type OrphanParts = CancelParts & Pick<OperatorParts, 'cluster' | 'watchNamespaces'>;

/**
 * `since` is the moment by which this process knew all resources. Throws what a list or a cancel failed with, once all others
 * are done: where a list fails, nothing is judged.
 */
export async function cancelOrphans(parts: OrphanParts, owners: Owners, since: Instant): Promise<void> {
  const failures: unknown[] = [];
  for (const [namespace, uids] of suspects(parts, owners, since)) {
    try {
      const there = await uidsIn(parts, namespace);
      for (const uid of uids) if (!there.has(uid)) await cancelJobOf(parts, namespace, uid);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Uids by namespace. */
function suspects(
  { follower, watchNamespaces }: OrphanParts,
  owners: Owners,
  since: Instant,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { state } of follower.index.openTasks()) {
    const { owner, tenant, job } = state.of;
    if (owner === null || owners.keyOf(owner) !== undefined || job !== jobIdOfOwner(owner)) continue;
    if (watchNamespaces.length > 0 && !watchNamespaces.includes(tenant)) continue;
    if (isPersons(state, since)) continue;
    found.set(tenant, (found.get(tenant) ?? new Set()).add(owner));
  }
  return found;
}

/** A new run that somebody asked for when the resource had long gone is theirs, and runs. */
const isPersons = ({ run, queuedAt }: TaskState, since: Instant): boolean => run > 1 && queuedAt > since;

/** A namespace that is gone has an empty list. */
async function uidsIn({ cluster }: OrphanParts, namespace: string): Promise<ReadonlySet<string>> {
  const { items } = await cluster.list(generationJobType, { namespace });
  return new Set(items.map(({ metadata }) => metadata.uid));
}
