// Why a pool admits no call of a model at the moment: what a queued task waits for when it does not wait for a worker.

import type { ProviderAnswer, TaskErrorCode } from './errors/index.ts';
import type { Instant } from './time.ts';

export type BlockReason =
  /** The configured requests per minute or requests in flight of every key are used up. */
  | 'RateLimit'
  /** The provider has rate-limited the model for every key. */
  | 'KeysCooling'
  /** The provider has refused every key. */
  | 'KeysRefused'
  /** The pool's workers have no key. */
  | 'NoKeys'
  /** The provider answers no call of the model with a success. */
  | 'ProviderOutage'
  /** Every key has used up its quota of the model, or has none. */
  | 'QuotaExhausted'
  /** The pool or the tenant has spent its budget. */
  | 'BudgetExhausted'
  /** As many tasks of the tenant, or of the task's group, run as the pool allows. */
  | 'TenantLimit';

/** Why a pool admits no call of a model at the moment. */
export interface Block {
  readonly reason: BlockReason;
  /** What a task that times out while it is blocked fails with. */
  readonly code: TaskErrorCode;
  /** When the block clears or is checked next; null if that is unknown. */
  readonly until: Instant | null;
  readonly since: Instant | null;
  /** The provider's last answer. */
  readonly provider: ProviderAnswer | null;
  /** The provider's own words as one sentence, or ''. */
  readonly message: string;
  /** Waiting cannot clear it: no key has a quota for this model. */
  readonly permanent: boolean;
  /** For an outage: a probe has failed too, so that it is more than one bad moment. True for all other reasons. */
  readonly confirmed: boolean;
}

/** A block for which the provider is not the cause: a task that times out meanwhile fails with `QueueTimeout`. */
export const plainBlock = (reason: 'RateLimit' | 'NoKeys' | 'TenantLimit', until: Instant | null): Block => ({
  reason,
  code: 'QueueTimeout',
  until,
  since: null,
  provider: null,
  message: '',
  permanent: false,
  confirmed: true,
});

/** The provider's words in the message of an error, without a `Gemini answered 503: ` before them. */
export const ownWords = (message: string): string => message.replace(/^[A-Z]\w* answered \d+(: |$)/, '');
