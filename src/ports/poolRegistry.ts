// The registry of pools and their models. Starting workers, settings and the operator declare pools; every process reads them.

import type { JobKind, PolicyRequest } from '../job/policy.ts';
import type { PoolResource } from '../job/poolResource.ts';
import type { TenantShares } from '../job/shares.ts';

export interface PoolDeclaration {
  readonly name: string;
  readonly provider: string;
  /** The pool's models, the default of each kind first. */
  readonly models: Readonly<Record<JobKind, readonly string[]>>;
  readonly policy: PolicyRequest;
  /** The provider options that jobs may set; absent: the provider's default. */
  readonly providerOptions?: readonly string[];
  /** The only tenants that may submit to it; absent: all. */
  readonly tenants?: readonly string[];
  /** What tenants share the pool's workers by; absent: equally and without limits. */
  readonly shares?: TenantShares;
  /** The declaring version serves so many tenant parts of each priority; absent: none. */
  readonly parts?: number;
  /** The UID of the custom resource that declared it; absent if a worker's own settings did. */
  readonly owner?: string;
  /** The WorkerPool that defines it. Only the operator declares it. */
  readonly resource?: PoolResource;
}

export interface PoolRegistry {
  /** Declares a pool or replaces its declaration. */
  declare(pool: PoolDeclaration): Promise<void>;
  /** Removes a pool, so that submits to it are refused. Does nothing if the pool does not exist. */
  remove(name: string): Promise<void>;
  /** All pools, from memory: kept current by one watcher per process. */
  list(): readonly PoolDeclaration[];
  find(name: string): PoolDeclaration | undefined;
  /**
   * Calls `listener` for every pool known now and each one declared or changed later, until the signal aborts; not for
   * removed ones.
   */
  onChange(listener: (pool: PoolDeclaration) => void, signal: AbortSignal): void;
}
