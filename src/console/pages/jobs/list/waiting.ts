// Why a job waits, in few words: the detail of the API says more.

import type { WaitingFor, WaitReason } from '../../../../client/index.ts';

interface WaitWords {
  readonly reason: string;
  /** What happens at `until`. */
  readonly next: string;
}

const words: Record<WaitReason, WaitWords> = {
  NoWorkers: { reason: 'no workers', next: '' },
  SlotsBusy: { reason: 'all slots are busy', next: '' },
  WorkerMemory: { reason: 'memory of the worker', next: '' },
  RateLimit: { reason: 'rate limit', next: 'next request' },
  KeysCooling: { reason: 'keys are cooling down', next: 'first key' },
  KeysRefused: { reason: 'keys are refused', next: 'next check' },
  NoKeys: { reason: 'no keys', next: 'next check' },
  ProviderOutage: { reason: 'provider outage', next: 'next probe' },
  QuotaExhausted: { reason: 'quota is used up', next: 'first key' },
  PoolPaused: { reason: 'pool is paused', next: 'resumes' },
  TenantLimit: { reason: 'limit of running tasks', next: '' },
  BudgetExhausted: { reason: 'budget is spent', next: 'begins anew' },
  Backoff: { reason: 'next attempt', next: '' },
  Dependency: { reason: 'other tasks', next: '' },
  Review: { reason: 'a reviewer', next: 'times out' },
  StorageFull: { reason: 'storage is full', next: '' },
};

/** A reason of a newer API is shown as it is. */
export const waitWords = ({ reason }: Pick<WaitingFor, 'reason'>): WaitWords => words[reason] ?? { reason, next: '' };
