// What the claims of a verified token mean here: who sent it, the tenant, and the scopes.

import { GenwardenError } from '../../../job/errors/index.ts';
import { scopes, type Principal, type Scope } from '../principal.ts';
import { tenantForm } from '../../../job/tenantForm.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** Which claims count, and for which audience. Each is a name, or a path such as `realm_access.roles`. */
export interface ClaimNames {
  readonly audience: string;
  readonly tenantClaim: string;
  readonly scopeClaims: readonly string[];
  /** The client with which people sign in to the console: its name says nothing about who they are. */
  readonly consoleClient?: string | undefined;
}

/** Throws `Unauthorized` for a token without a subject, and `Forbidden` for one without a tenant or a scope of Genwarden. */
export function identityOf(claims: Claims, names: ClaimNames): Pick<Principal, 'id' | 'name' | 'tenant' | 'scopes'> {
  const { iss, sub } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) {
    throw new GenwardenError('Unauthorized', 'The token has no subject (sub) of 1 to 255 characters');
  }
  const tenant = tenantOf(claims, names);
  return {
    id: `oidc:${String(iss)}#${sub}`,
    name: nameOf(claims, sub, names),
    tenant,
    scopes: scopesOf(claims, names),
  };
}

/** For messages and logs only. */
function nameOf(claims: Claims, subject: string, { consoleClient }: ClaimNames): string {
  const clients = [claims['client_id'], claims['azp']].filter((client) => client !== consoleClient);
  const names = [claims['preferred_username'], claims['email'], ...clients, subject];
  const name = names.find((each): each is string => typeof each === 'string' && each !== '') ?? subject;
  return name.replace(/\p{C}/gu, '').slice(0, 100);
}

function tenantOf(claims: Claims, { tenantClaim }: ClaimNames): string {
  const found = claimAt(claims, tenantClaim);
  const values: readonly unknown[] = Array.isArray(found) ? found : found === undefined ? [] : [found];
  const [tenant] = values;
  if (tenant === undefined) {
    throw new GenwardenError('Forbidden', `The token has no claim ${tenantClaim}, which names its tenant`);
  }
  if (values.length > 1) {
    throw new GenwardenError('Forbidden', `The token's claim ${tenantClaim} names ${values.length} tenants, not one`);
  }
  if (typeof tenant === 'string' && tenantForm.test(tenant)) return tenant;
  const shown = JSON.stringify(tenant).slice(0, 100);
  throw new GenwardenError(
    'Forbidden',
    `The token's claim ${tenantClaim} is ${shown}, but a tenant has 1 to 63 letters, digits, -, _ and .`,
  );
}

function scopesOf(claims: Claims, { audience, scopeClaims }: ClaimNames): readonly Scope[] {
  const granted = scopeClaims.flatMap((claim) => wordsOf(claimAt(claims, claim)));
  const plain = new Set(granted.map((word) => withoutPrefix(word, audience)));
  const found = scopes.filter((scope) => plain.has(scope));
  if (found.length > 0) return found;
  const told = granted.length === 0 ? 'none' : granted.slice(0, 20).join(' ').slice(0, 200);
  throw new GenwardenError(
    'Forbidden',
    `The token has none of the scopes ${scopes.join(', ')} in ${scopeClaims.join(', ')}: it has ${told}`,
  );
}

/** Issuers write scopes as one text with spaces, and roles and permissions as a list. */
function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word): word is string => typeof word === 'string') : [];
}

/** Issuers that share names between APIs prefix them: with the audience, or with a word of the administrator's choice. */
function withoutPrefix(word: string, audience: string): string {
  const prefix = [`${audience}/`, 'genwarden:'].find((each) => word.startsWith(each)) ?? '';
  return word.slice(prefix.length);
}

/**
 * The claim with this name, or at this path. The names of claims may contain dots, as URLs do, so the longest name that
 * exists wins.
 */
function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined;
  const own = claims as Record<string, unknown>;
  if (Object.hasOwn(own, path)) return own[path] ?? undefined;
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const head = path.slice(0, dot);
    if (Object.hasOwn(own, head)) return claimAt(own[head], path.slice(dot + 1));
  }
  return undefined;
}
