// Why a job waits, in few words: the detail of the API says more.

import type { WaitingFor, WaitReason } from '../../../../client/index.ts';

const words: Record<WaitReason, string> = {
  NoWorkers: 'no workers',
  SlotsBusy: 'all slots are busy',
  WorkerMemory: 'the worker needs memory',
  RateLimit: 'rate limit',
  KeysCooling: 'keys are cooling down',
  KeysRefused: 'keys are refused',
  NoKeys: 'no keys',
  ProviderOutage: 'provider outage',
  QuotaExhausted: 'quota is used up',
  PoolPaused: 'pool is paused',
  TenantLimit: 'limit of running tasks',
  BudgetExhausted: 'budget is spent',
  Backoff: 'next attempt',
  Dependency: 'other tasks of the job',
  Review: 'a reviewer',
  StorageFull: 'storage is full',
};

/** A reason of a newer API is shown as it is. */
export const waitWords = ({ reason }: WaitingFor): string => words[reason] ?? reason;
