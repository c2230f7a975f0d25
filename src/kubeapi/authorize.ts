// Delegated authorisation: the API server says whether the user may do it. Its answers are used again for ten seconds, as the API
// servers of Kubernetes do by default.

import { AnswerCache } from '../async/answerCache.ts';
import { elapsed, monotonicFrom, type Monotonic } from '../job/time.ts';
import type { AccessReviews, KubeUser, ResourceAccess } from '../ports/apiDelegation.ts';
import { group, resource, version } from './resource.ts';
import { StatusError } from './status.ts';

/** ms. */
const reusedFor = 10_000;

/** Concurrent requests share one review; failures are not kept. */
export function cachedAccess(reviews: AccessReviews, monotonic: () => Monotonic): AccessReviews {
  const now = (): number => elapsed(monotonicFrom(0), monotonic());
  const answers = new AnswerCache<boolean>(() => reusedFor, now);
  return {
    isAllowed: (user, access) => answers.get(JSON.stringify([user, access]), () => reviews.isAllowed(user, access)),
  };
}

export type Wanted = Pick<ResourceAccess, 'verb' | 'namespace' | 'name'>;

/** Throws `Forbidden`, or `KubernetesUnavailable`. */
export async function requireAccess(reviews: AccessReviews, user: KubeUser, wanted: Wanted): Promise<void> {
  if (await reviews.isAllowed(user, { ...wanted, group, version, resource })) return;
  const { verb, namespace, name } = wanted;
  const what = `${resource}.${group}${name === undefined ? '' : ` "${name}"`}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${what} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  throw new StatusError('Forbidden', message, { ...(name === undefined ? {} : { name }), group, kind: resource });
}
