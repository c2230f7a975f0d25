// Which pools exist, and what they offer: declared by starting workers, settings or the operator, read by everybody.

import type { JobKind, PolicyRequest } from '../job/policy.ts';

export interface PoolDeclaration {
  readonly name: string;
  readonly provider: string;
  /** Models the pool offers, the default of each kind first. */
  readonly models: Readonly<Record<JobKind, readonly string[]>>;
  readonly policy: PolicyRequest;
}

export interface PoolRegistry {
  /** Declares a pool or replaces its declaration. */
  declare(pool: PoolDeclaration): Promise<void>;
  /** All pools, from memory: kept current by one watcher per process. */
  list(): readonly PoolDeclaration[];
  find(name: string): PoolDeclaration | undefined;
  /** Calls `listener` for every pool known now and each one declared or changed later, until the signal aborts. */
  onChange(listener: (pool: PoolDeclaration) => void, signal: AbortSignal): void;
}
