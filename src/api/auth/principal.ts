// Who sends a request, and what it is about.

export const scopes = ['jobs:read', 'jobs:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export interface Principal {
  readonly id: string;
  readonly name: string;
  /** The tenant that the request is about; `everyTenant` and `noTenant` are none. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** The request itself named the tenant: an administrator, who sees all, then means this one. */
  readonly named?: true;
  /** An event stream ends after this, ms, so that the token is looked at again; absent: after an hour. */
  readonly recheckMs?: number;
}
