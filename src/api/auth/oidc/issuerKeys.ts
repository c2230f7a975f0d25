// The issuer's public keys, as this process read them last: read again when they get old or when a token names an unknown one,
// and kept for hours while the issuer does not answer.

import { createLocalJWKSet, type JWK } from 'jose';
import { GenwardenError } from '../../../job/errors/index.ts';
import { count } from '../../../job/explain/format.ts';
import { elapsed, longAgo, type Instant, type Monotonic } from '../../../job/time.ts';
import { logEvent, type EventLogger } from '../../../job/logEvents/index.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { IdentityProvider, PublicKey } from '../../../ports/identityProvider.ts';

/** ms. Keys of this age are read again in the background, so that a withdrawn key is soon refused. */
const refreshAfter = 600_000;
/** ms. After a time without requests, the first one waits until keys of this age are read again. */
const waitAfter = 1_200_000;
/** ms. While the issuer does not answer, its last keys stay in use up to this age: it issues no new tokens either. */
const maxAge = 6 * 3_600_000;
/** ms between two reads, so that tokens with invented keys cost the issuer no more than this. */
const cooldown = 10_000;

/** What jose needs to verify a signature. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface IssuerKeys {
  /** Throws `OidcUnavailable` with the seconds to wait if no keys are known. */
  current(): Promise<KeySet>;
  /** Keys that were read later than `than`; undefined during the cooldown, or if the issuer does not answer. */
  newer(than: KeySet): Promise<KeySet | undefined>;
  /** Reads the keys unless they were read just now, and says what is known. Never throws. */
  check(): Promise<IssuerStatus>;
  /** Whether the last read failed. */
  failing(): boolean;
}

export interface IssuerStatus {
  readonly issuer: string;
  readonly keys: number;
  /** ms since the keys were read; undefined if they never were. */
  readonly age: number | undefined;
  /** Why the last read failed, and since when reads fail. */
  readonly failure: { readonly message: string; readonly since: Instant } | undefined;
  /** How long the last keys stay in use while the issuer does not answer, ms. */
  readonly usableFor: number;
}

interface Known {
  readonly set: KeySet;
  readonly keys: readonly PublicKey[];
  readonly readAt: Monotonic;
}

type Parts = { readonly clock: Pick<Clock, 'now' | 'monotonic'>; readonly logger: EventLogger };

export function issuerKeys(provider: IdentityProvider, { clock, logger }: Parts): IssuerKeys {
  let known: Known | undefined;
  let askedAt = longAgo;
  let asking: Promise<void> | undefined;
  let failure: IssuerStatus['failure'];
  const age = ({ readAt }: Known): number => elapsed(readAt, clock.monotonic());
  const usable = (): Known | undefined => (known !== undefined && age(known) < maxAge ? known : undefined);
  const coolsFor = (): number => Math.max(0, cooldown - elapsed(askedAt, clock.monotonic()));
  const read = async (): Promise<void> => {
    // The age counts from the request, because keys may be withdrawn before the answer arrives.
    askedAt = clock.monotonic();
    try {
      const keys = await provider.fetchKeys();
      report(logger, provider.issuer, known?.keys, keys, failure !== undefined);
      known = { set: createLocalJWKSet({ keys: keys as JWK[] }), keys, readAt: askedAt };
      failure = undefined;
    } catch (error) {
      const { message } = error as Error;
      const about = { issuer: provider.issuer, code: 'OidcUnavailable' };
      if (failure === undefined) logEvent(logger, 'oidc_unavailable', about, message);
      failure = { message, since: failure?.since ?? clock.now() };
    }
  };
  /** Concurrent requests share one read. */
  const refresh = (): Promise<void> => {
    if (asking === undefined && coolsFor() === 0) asking = read().finally(() => (asking = undefined));
    return asking ?? Promise.resolve();
  };
  return {
    async current() {
      // Only the first failing read delays requests: an issuer that does not answer must not.
      if (usable() === undefined || (age(known!) >= waitAfter && failure === undefined)) await refresh();
      else if (age(known!) >= refreshAfter) void refresh();
      const found = usable();
      if (found !== undefined) return found.set;
      const message = failure?.message ?? `The keys of the issuer ${provider.issuer} are not known yet`;
      throw new GenwardenError('OidcUnavailable', message, { details: { retryAfter: coolsFor() / 1_000 } });
    },
    async newer(than) {
      if (known?.set === than) await refresh();
      return known?.set === than ? undefined : usable()?.set;
    },
    failing: () => failure !== undefined,
    async check() {
      await refresh();
      const usableFor = known === undefined ? 0 : Math.max(0, maxAge - age(known));
      const { issuer } = provider;
      return { issuer, keys: known?.keys.length ?? 0, age: known && age(known), failure, usableFor };
    },
  };
}

function report(
  logger: Parts['logger'],
  issuer: string,
  before: readonly PublicKey[] | undefined,
  keys: readonly PublicKey[],
  wasAway: boolean,
): void {
  const ids = (of: readonly PublicKey[]): string => of.map(({ kid = '(no kid)' }) => kid.slice(0, 100)).join(', ');
  if (!wasAway && before !== undefined && ids(before) === ids(keys)) return;
  logEvent(
    logger,
    'oidc_keys_read',
    { issuer, keys: ids(keys) },
    `The issuer ${issuer} publishes ${count(keys.length, 'key')}`,
  );
}
