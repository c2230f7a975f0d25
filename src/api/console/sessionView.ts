// What the console knows about the installation and about the person who uses it.

import { isoTime } from '../../job/time.ts';
import type { ApiContext } from '../options.ts';
import { scopes, type Principal, type Scope } from '../auth/principal.ts';

export interface SessionView {
  readonly installation: { readonly name: 'genwarden'; readonly version: string };
  readonly authentication: 'off' | 'required';
  /** How a person can sign in; empty without authentication. */
  readonly signIn: readonly ('token' | 'oidc')[];
  /** Null: nobody has signed in. */
  readonly principal: PrincipalView | null;
  readonly links: { readonly docs: string; readonly api: string };
}

export interface PrincipalView {
  readonly name: string;
  readonly tenant: string;
  /** All that are granted: `admin` of a Genwarden token includes the others. */
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
}

type Parts = Pick<ApiContext, 'auth' | 'version'>;

export function sessionView({ auth, version = '0.0.0' }: Parts, principal: Principal | undefined): SessionView {
  return {
    installation: { name: 'genwarden', version },
    authentication: auth === 'off' ? 'off' : 'required',
    signIn: auth === 'off' ? [] : ['token'],
    principal: principal === undefined ? null : principalView(principal),
    // The second is relative to the root of the API.
    links: { docs: 'https://genwarden.dev/docs/', api: 'docs' },
  };
}

function principalView({ id, name, tenant, scopes: granted, expiresAt }: Principal): PrincipalView {
  // In Kubernetes, each scope is a right for itself.
  const all = granted.includes('admin') && !id.startsWith('kubernetes:') ? scopes : granted;
  return { name, tenant, scopes: all, expiresAt: expiresAt === undefined ? null : isoTime(expiresAt) };
}
