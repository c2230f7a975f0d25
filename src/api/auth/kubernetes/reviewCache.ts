// Caches the answers of token reviews for a few seconds, by the hash of the token: frequent requests cost the API server little,
// and a revoked right is still noticed within seconds.

import { createHash } from 'node:crypto';
import { AnswerCache } from '../../../async/answerCache.ts';
import { elapsed, monotonicFrom, type Monotonic } from '../../../job/time.ts';
import type { KubernetesReviews, KubernetesUser, ScopedRight } from '../../../ports/kubernetesReviews.ts';

/** ms. The API server itself accepts a revoked token for up to 10 s, so this adds little. */
const positiveTtl = 5_000;
/** ms. A right that was just granted should take effect soon. */
const negativeTtl = 2_000;

/** Concurrent requests share one review; failures are not cached. */
export function cachedReviews(reviews: KubernetesReviews, monotonic: () => Monotonic): KubernetesReviews {
  const now = (): number => elapsed(monotonicFrom(0), monotonic());
  const keepFor = (isPositive: boolean): number => (isPositive ? positiveTtl : negativeTtl);
  const users = new AnswerCache<KubernetesUser | undefined>((user) => keepFor(user !== undefined), now);
  const rights = new AnswerCache<boolean>(keepFor, now);
  return {
    userOf: (token) => users.get(hash(token), () => reviews.userOf(token)),
    isAllowed: (token, right) => rights.get(`${hash(token)} ${textOf(right)}`, () => reviews.isAllowed(token, right)),
  };
}

const hash = (token: string): string => createHash('sha256').update(token).digest('base64');
const textOf = ({ verb, resource, namespace = '*' }: ScopedRight): string => `${verb} ${resource} ${namespace}`;
