// The settings for OpenID Connect: whose tokens the API accepts beside its own, and what their claims mean.

import { isTrustworthyUrl } from '../job/issuer.ts';
import { checked, list, text } from './forms.ts';
import { optional, optionalList, withDefault } from './setting.ts';
import { z } from 'zod';
import type { Command } from './setting.ts';

const serving: readonly Command[] = ['api', 'dev'];

const issuer = checked(
  isTrustworthyUrl,
  'is not an https URL',
  'a URL that starts with https://; http:// only for this machine',
  'url',
);
const claim = text('claim', 'the name of a claim, or a path such as realm_access.roles');

export const oidcSettings = z.object({
  issuer: optional(issuer, {
    name: 'OIDC_ISSUER',
    description: 'OpenID Connect issuer whose access tokens (JWT) the API accepts, beside those of the tokens file',
    usedBy: serving,
  }),
  audience: optional(text('name'), {
    name: 'OIDC_AUDIENCE',
    description: 'Audience (`aud`) that tokens of the issuer must name: the identifier of this API at the issuer',
    usedBy: serving,
  }),
  tenantClaim: withDefault(claim, 'tenant', {
    name: 'OIDC_TENANT_CLAIM',
    description: "Claim of the issuer's tokens that names the tenant",
    usedBy: serving,
  }),
  scopeClaims: withDefault(list(claim), 'scope,scp,permissions,roles', {
    name: 'OIDC_SCOPE_CLAIM',
    description: "Claims of the issuer's tokens that grant `jobs:read`, `jobs:write` and `admin`; all of them count",
    usedBy: serving,
  }),
  clientId: optional(text('name'), {
    name: 'OIDC_CLIENT_ID',
    description: "The console's client at the issuer, so that people can sign in there (unset: they enter a token)",
    usedBy: serving,
  }),
  clientSecret: optional(text('secret', 'a secret'), {
    name: 'OIDC_CLIENT_SECRET',
    description: 'Secret of that client (unset: the issuer knows it as a public client)',
    usedBy: serving,
    secret: true,
  }),
  clientScopes: optionalList(list(text('scope', 'a scope')), {
    name: 'OIDC_CLIENT_SCOPES',
    description:
      'Scopes that the console asks the issuer for (unset: `openid`, and those of `offline_access`, `jobs:read`, `jobs:write` and `admin` that the issuer lists)',
    usedBy: serving,
  }),
});
