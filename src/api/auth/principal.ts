// The authenticated sender of a request, and the tenant that the request is for.

import type { Instant } from '../../job/time.ts';

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
  /** The limit of all API processes together; absent: the default. */
  readonly requestsPerSecond?: number;
  /** When the token expires; absent: never, or unknown. */
  readonly expiresAt?: Instant;
  /** The signature of the link that the request came by: its answers carry it on. It must not reach a log. */
  readonly link?: string;
  /** ms after which a request that is held open must be admitted again; absent: when the tokens change. */
  readonly recheckMs?: number;
}
