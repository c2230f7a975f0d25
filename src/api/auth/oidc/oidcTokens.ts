// Tokens of an OpenID Connect issuer: which tokens are its, and who sent them. Every refusal names what is wrong with the token,
// without the token.

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { GenwardenError } from '../../../job/errors/index.ts';
import { isSameIssuer, sameIssuers } from '../../../job/issuer.ts';
import { isoTime, type Instant } from '../../../job/time.ts';
import type { EventLogger } from '../../../job/logEvents/index.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { IdentityProvider } from '../../../ports/identityProvider.ts';
import type { Principal } from '../principal.ts';
import { identityOf, type ClaimNames } from './claims.ts';
import { issuerKeys, type IssuerKeys, type IssuerStatus, type KeySet } from './issuerKeys.ts';

export interface OidcTokens {
  readonly issuer: string;
  /** Whether the token claims to be of the issuer. Nothing is verified. */
  isOwn(token: string): boolean;
  /** Why a token that no verifier knows is refused. */
  refusalOfForeign(token: string): GenwardenError;
  /** Throws `Unauthorized`, `Forbidden` or `OidcUnavailable`. */
  principalOf(token: string): Promise<Principal>;
  check(): Promise<IssuerStatus>;
  /** Whether the last read of the issuer's keys failed. */
  failing(): boolean;
}

export interface OidcOptions extends ClaimNames {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: EventLogger;
}

/** Signatures by public keys only: with HMAC, a forger could use the public key as the secret. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Seconds by which the issuer's clock may differ from the installation's. */
const clockTolerance = 30;
/** Characters. All headers of a request together have at most 16 KiB. */
const maxLength = 12_288;
/** ms after which a held request is admitted again, so that it ends soon after its key was withdrawn. */
const recheckMs = 10_000;

/** Reads the issuer's keys in the background at once; an issuer that does not answer delays nothing else. */
export function oidcTokens(provider: IdentityProvider, options: OidcOptions): OidcTokens {
  const keys = issuerKeys(provider, options);
  void keys.check();
  return {
    issuer: provider.issuer,
    isOwn: (token) => isSameIssuer(claimedIssuer(token) ?? '', provider.issuer),
    refusalOfForeign: (token) => {
      const claimed = claimedIssuer(token);
      return unauthorized(
        claimed === undefined
          ? 'The token is unknown or has expired'
          : `The token's issuer is ${JSON.stringify(claimed.slice(0, 200))}, not ${provider.issuer}`,
      );
    },
    check: () => keys.check(),
    failing: () => keys.failing(),
    async principalOf(token) {
      if (token.length > maxLength)
        throw unauthorized(`The token has ${token.length} characters; at most ${maxLength}`);
      const now = options.clock.now();
      const claims = await verify(token, keys, { issuer: provider.issuer, audience: options.audience, now });
      const expiresAt = (claims.exp! + clockTolerance) * 1_000;
      return { ...identityOf(claims, options), expiresAt, recheckMs };
    },
  };
}

function claimedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly now: Instant;
}

async function verify(token: string, keys: IssuerKeys, expected: Expected): Promise<JWTPayload> {
  const known = await keys.current();
  try {
    return await verifyWith(known, token, expected);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw refusalOf(error, token, expected);
    const newer = await keys.newer(known);
    if (newer === undefined) throw refusalOf(error, token, expected);
    return verifyWith(newer, token, expected).catch((reason: unknown) => {
      throw refusalOf(reason, token, expected);
    });
  }
}

async function verifyWith(keys: KeySet, token: string, { issuer, audience, now }: Expected): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, {
    algorithms,
    issuer: sameIssuers(issuer),
    audience,
    clockTolerance,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
  });
  return payload;
}

function refusalOf(error: unknown, token: string, { audience, now }: Expected): GenwardenError {
  if (error instanceof errors.JWTExpired) return outOfTime('expired at', error.payload.exp, now);
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    if (claim === 'nbf' && reason === 'check_failed') return outOfTime('is not valid before', payload.nbf, now);
    if (claim === 'aud' && payload.aud !== undefined) {
      const told = JSON.stringify(payload.aud).slice(0, 200);
      return unauthorized(`The token is for the audience ${told}, not for ${JSON.stringify(audience)}`);
    }
    const what = reason === 'missing' ? `has no claim ${claim}` : `has an invalid claim ${claim}`;
    return unauthorized(`The token ${what}`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    const { alg } = headerOf(token);
    return unauthorized(
      `The token's algorithm is ${alg}; only signatures by public keys count: ${algorithms.join(', ')}`,
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    const { kid, alg } = headerOf(token);
    return unauthorized(`The issuer publishes no key ${kid} for ${alg}; its keys are read at most every 10 s`);
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return unauthorized("The token does not name its key (kid), and several of the issuer's keys fit");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return unauthorized('The signature of the token does not match: it was changed, or signed with another key');
  }
  if (error instanceof errors.JOSEError) return unauthorized(`The token is not a valid JWT: ${error.message}`);
  const why = error instanceof Error ? error.message : String(error);
  return new GenwardenError('OidcUnavailable', `The issuer's key cannot be used: ${why}`, { cause: error });
}

/** As JSON, for messages. */
function headerOf(token: string): { readonly kid: string; readonly alg: string } {
  const { kid, alg } = decodeProtectedHeader(token);
  const shown = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 100);
  return { kid: shown(kid), alg: shown(alg) };
}

function outOfTime(what: string, seconds: number | undefined, now: Instant): GenwardenError {
  const moment = isoTime((seconds ?? 0) * 1_000);
  return unauthorized(
    `The token ${what} ${moment}, and the time here is ${isoTime(now)} (see the check clock of doctor)`,
  );
}

const unauthorized = (message: string): GenwardenError => new GenwardenError('Unauthorized', message);
