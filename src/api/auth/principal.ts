// The authenticated sender of a request, and the tenant that the request is for.

export const scopes = ['jobs:read', 'jobs:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export interface Principal {
  readonly id: string;
  readonly name: string;
  /** The tenant that the request is for, or `everyTenant` or `noTenant`. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The request named a tenant in its header, so an administrator sees only this one. */
  readonly hasExplicitTenant?: true;
  /** ms after which an event stream ends, so that the token is checked again; absent: one hour. */
  readonly recheckMs?: number;
}
