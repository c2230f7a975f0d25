// The tabs of a browser renew their common session at the same moment, but many issuers accept a refresh token only once: the first
// renewal serves all of them.

import { createHash } from 'node:crypto';
import { elapsed, type Monotonic } from '../../job/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IssuerSignIn, SignInTokens } from '../../ports/issuerSignIn.ts';

/** ms. A tab that slept renews this much later and still gets the same tokens. */
const sharedFor = 30_000;

/** Renews a session by its refresh token. */
export function sharedRenewals(
  issuer: Pick<IssuerSignIn, 'renew'>,
  { monotonic }: Pick<Clock, 'monotonic'>,
): IssuerSignIn['renew'] {
  const renewals = new Map<string, { readonly answer: Promise<SignInTokens>; readonly since: Monotonic }>();
  return (refreshToken) => {
    const now = monotonic();
    for (const [key, { since }] of renewals) if (elapsed(since, now) > sharedFor) renewals.delete(key);
    const key = createHash('sha256').update(refreshToken).digest('base64');
    const known = renewals.get(key)?.answer;
    if (known !== undefined) return known;
    const answer = issuer.renew(refreshToken);
    renewals.set(key, { answer, since: now });
    answer.catch(() => renewals.delete(key));
    return answer;
  };
}
