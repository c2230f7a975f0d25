// Opens what authenticates the API's clients: the tokens file, an OpenID Connect issuer, and the Kubernetes API server.

import { apiServerAddress, installationNamespace, openReviews } from '../adapters/kubernetes/index.ts';
import { oidcIdentityProvider, oidcSignIn } from '../adapters/oidc/index.ts';
import { kubernetesTokens, type KubernetesTokens } from '../api/auth/kubernetes/kubernetesTokens.ts';
import { oidcTokens, type OidcTokens } from '../api/auth/oidc/oidcTokens.ts';
import { openTokenStore, tokenStore } from '../api/auth/tokenStore.ts';
import type { ApiOptions } from '../api/options.ts';
import type { Settings } from '../config/settings.ts';
import { version } from '../config/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { IssuerSignIn } from '../ports/issuerSignIn.ts';
import type { ProcessContext } from './bootstrap.ts';

/** API authentication. With no tokens configured, access is open. */
export function apiAccess(
  { auth, authTokensFile, oidc, kubernetes }: Settings,
  { logger, resources }: ProcessContext,
  clock: Clock,
): Pick<ApiOptions, 'auth' | 'oidc' | 'issuerSignIn' | 'kubernetes'> {
  const hasTokens = authTokensFile !== undefined || oidc.issuer !== undefined || kubernetes.auth === 'on';
  if (auth === 'off' || !hasTokens) return { auth: 'off' };
  return {
    auth:
      authTokensFile === undefined
        ? tokenStore([])
        : resources.own('tokens', openTokenStore(authTokensFile, { logger }), (it) => it.close()),
    oidc: openOidc(oidc, clock, logger),
    issuerSignIn: openSignIn(oidc, clock),
    kubernetes: openKubernetes(kubernetes, resources, clock),
  };
}

function openOidc(
  { issuer, audience, tenantClaim, scopeClaims, clientId: consoleClient }: Settings['oidc'],
  clock: Clock,
  logger: ProcessContext['logger'],
): OidcTokens | undefined {
  if (issuer === undefined || audience === undefined) return undefined;
  return oidcTokens(oidcIdentityProvider({ issuer, version }), {
    audience,
    tenantClaim,
    scopeClaims,
    consoleClient,
    clock,
    logger,
  });
}

function openSignIn(
  { issuer, audience, clientId, clientSecret, clientScopes: scopes }: Settings['oidc'],
  clock: Clock,
): IssuerSignIn | undefined {
  if (issuer === undefined || audience === undefined || clientId === undefined) return undefined;
  return oidcSignIn({ issuer, audience, clientId, clientSecret, scopes, version }, clock);
}

function openKubernetes(
  kubernetes: Settings['kubernetes'],
  resources: ProcessContext['resources'],
  { monotonic }: Clock,
): KubernetesTokens | undefined {
  if (kubernetes.auth === 'off') return undefined;
  const reviews = openReviews({ ...apiServerAddress(kubernetes, process.env), version });
  resources.own('token reviews', reviews, (it) => it.close());
  return kubernetesTokens(reviews, installationNamespace(kubernetes.namespace), monotonic);
}
