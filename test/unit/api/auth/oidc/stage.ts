// An API that accepts the tokens of a fake issuer, whose time is that of the world's clock.

import { pino } from 'pino';
import type { JWTPayload } from 'jose';
import { oidcTokens, type OidcTokens } from '../../../../../src/api/auth/oidc/oidcTokens.ts';
import { virtualClock, type VirtualClock } from '../../../../fakes/clock.ts';
import {
  fakeIdentityProvider,
  sign,
  signingKey,
  type FakeIdentityProvider,
  type SigningKey,
} from '../../../../fakes/identityProvider.ts';
import { start } from '../../../../fakes/tasks.ts';

export const issuer = 'https://id.example.com/realms/garden';
export const audience = 'https://genwarden.example.com';

/** Seconds, when the tests start. */
export const startSeconds = Math.floor(start / 1_000);

/** Claims that replace the usual ones; undefined leaves a claim out. */
export type Over = Readonly<Record<string, unknown>>;

export const claims = (over: Over = {}): JWTPayload => ({
  iss: issuer,
  aud: audience,
  sub: 'user-7',
  client_id: 'garden-app',
  tenant: 'acme',
  scope: 'openid jobs:read jobs:write',
  iat: startSeconds,
  exp: startSeconds + 600,
  ...over,
});

export interface Stage {
  readonly clock: VirtualClock;
  readonly key: SigningKey;
  readonly provider: FakeIdentityProvider;
  readonly tokens: OidcTokens;
  token(over?: Over, key?: SigningKey): Promise<string>;
  /** The principal of a token with these claims, or the code and the message of its refusal. */
  outcome(over?: Over, key?: SigningKey): Promise<unknown>;
}

export async function oidcStage(
  options: {
    tenantClaim?: string;
    scopeClaims?: string[];
    clock?: VirtualClock;
    away?: string;
    keys?: SigningKey[];
  } = {},
): Promise<Stage> {
  const { tenantClaim = 'tenant', scopeClaims = ['scope', 'scp', 'permissions', 'roles'] } = options;
  const { clock = virtualClock(), away } = options;
  const key = options.keys?.[0] ?? (await signingKey('key-1'));
  const provider = fakeIdentityProvider(issuer, options.keys ?? [key]);
  provider.away = away;
  const logger = pino({ level: 'silent' });
  const tokens = oidcTokens(provider, { audience, tenantClaim, scopeClaims, clock, logger });
  const token: Stage['token'] = (over, by = key) => sign(claims(over), by);
  return {
    clock,
    key,
    provider,
    tokens,
    token,
    outcome: async (over, by) => outcomeOf(tokens, await token(over, by)),
  };
}

export const outcomeOf = (tokens: OidcTokens, token: string): Promise<unknown> =>
  tokens.principalOf(token).catch(({ code, message }: { code: string; message: string }) => `${code}: ${message}`);
