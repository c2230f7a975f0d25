// Signs people in at an issuer: authorization code flow with PKCE (RFC 6749, 7636), by openid-client.

import * as openid from 'openid-client';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { elapsed, type Monotonic } from '../../job/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IssuerSignIn, SignInTokens } from '../../ports/issuerSignIn.ts';
import { causeOf, discover, trusted, unavailable, type IssuerOptions } from './discovery.ts';

export interface SignInOptions extends IssuerOptions {
  /** The API's name at the issuer. */
  readonly audience: string;
  readonly clientId: string;
  /** Absent: the issuer knows the console as a public client. */
  readonly clientSecret?: string | undefined;
  /** What to ask for; empty: what the issuer lists of the usual ones. */
  readonly scopes: readonly string[];
}

const metadata = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  scopes_supported: z.array(z.string()).optional().catch(undefined),
});

/** `offline_access` is what many issuers require for a refresh token. */
const usualScopes = ['offline_access', 'jobs:read', 'jobs:write', 'admin'];

/** ms. The addresses of an issuer hardly ever change. */
const readAgainAfter = 3_600_000;

interface Known {
  readonly config: openid.Configuration;
  readonly scope: string;
}

/** Reads the issuer's addresses when somebody signs in. */
export function oidcSignIn(options: SignInOptions, { monotonic }: Pick<Clock, 'monotonic'>): IssuerSignIn {
  let known: { readonly answer: Promise<Known>; readonly since: Monotonic } | undefined;
  // Those who sign in at the same time share one request.
  const issuer = async (): Promise<Known> => {
    if (known !== undefined && elapsed(known.since, monotonic()) <= readAgainAfter) return known.answer;
    const asked = { answer: readIssuer(options), since: monotonic() };
    known = asked;
    asked.answer.catch(() => known === asked && (known = undefined));
    return asked.answer;
  };
  return {
    async start(callback) {
      const { config, scope } = await issuer();
      const kept = { state: openid.randomState(), verifier: openid.randomPKCECodeVerifier() };
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope,
        state: kept.state,
        code_challenge: await openid.calculatePKCECodeChallenge(kept.verifier),
        code_challenge_method: 'S256',
        // Not a standard, but what Auth0 and others need for a JSON Web Token. Other issuers ignore it.
        audience: options.audience,
      });
      return { url: url.href, kept };
    },
    async finish(cameTo, { state, verifier }) {
      const { config } = await issuer();
      const checks = { expectedState: state, pkceCodeVerifier: verifier };
      return tokensOf(options, openid.authorizationCodeGrant(config, new URL(cameTo), checks));
    },
    async renew(refreshToken) {
      const { config } = await issuer();
      return tokensOf(options, openid.refreshTokenGrant(config, refreshToken));
    },
  };
}

async function readIssuer(options: SignInOptions): Promise<Known> {
  const found = await discover(options, metadata);
  trusted(options.issuer, 'people sign in at', found.authorization_endpoint);
  trusted(options.issuer, 'its tokens come from', found.token_endpoint);
  const { clientId, clientSecret, timeoutMs = 5_000 } = options;
  const config = new openid.Configuration(found as openid.ServerMetadata, clientId, clientSecret);
  config.timeout = Math.ceil(timeoutMs / 1_000);
  // Only for an issuer on this machine: no other may have an address without TLS.
  // oxlint-disable-next-line typescript/no-deprecated
  if (found.token_endpoint.startsWith('http:')) openid.allowInsecureRequests(config);
  const supported = found.scopes_supported ?? ['offline_access'];
  const usual = ['openid', ...usualScopes.filter((scope) => supported.includes(scope))];
  return { config, scope: (options.scopes.length > 0 ? options.scopes : usual).join(' ') };
}

async function tokensOf(
  { issuer }: SignInOptions,
  answer: Promise<openid.TokenEndpointResponse>,
): Promise<SignInTokens> {
  try {
    const { access_token: accessToken, refresh_token: refreshToken } = await answer;
    return { accessToken, ...(refreshToken === undefined ? {} : { refreshToken }) };
  } catch (error) {
    throw refusalOf(issuer, error);
  }
}

/** Issuers answer with a code and a text for people. */
function refusalOf(issuer: string, error: unknown): GenwardenError {
  if (error instanceof openid.WWWAuthenticateChallengeError) {
    return failed(`The issuer ${issuer} does not accept the client or its secret (status ${error.status})`);
  }
  const status = statusOf(error);
  if (status !== undefined && status >= 500) return unavailable(issuer, `it answered ${status}`, error);
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) {
    const { error: code, error_description: text } = error;
    const says = [code, text].filter((each) => each !== undefined && each !== '').join(': ');
    return failed(`The issuer ${issuer} answered ${shown(says)}`);
  }
  // What openid-client does not accept of an answer.
  if (error instanceof openid.ClientError && error.code !== 'OAUTH_TIMEOUT') {
    return failed(`The answer of the issuer ${issuer} cannot be used: ${shown(error.message)}`);
  }
  return unavailable(issuer, causeOf(error), error);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof openid.ResponseBodyError) return error.status;
  return error instanceof Error && error.cause instanceof Response ? error.cause.status : undefined;
}

/** Without what could change the look of a page or a line. */
const shown = (text: string): string => text.replaceAll(/\p{C}/gu, ' ').slice(0, 300);

const failed = (message: string): GenwardenError => new GenwardenError('SignInFailed', message);
