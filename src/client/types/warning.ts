// The warnings in the answer to a submit.

export type WarningCode =
  | 'StorageFull'
  | 'PoolPaused'
  | 'NoWorkers'
  | 'NoKeys'
  /** No key of the pool admits a call of the model: refused, cooling down or without quota. */
  | 'KeysExhausted'
  | 'ProviderOutage'
  | 'BudgetExhausted'
  /** The job's last task would start after its queueTimeout or deadline. */
  | 'QueueLongerThanTimeout';

export interface Warning {
  code: WarningCode;
  /** Sentences: the obstacle with its numbers, what happens, and what to do. */
  message: string;
  /** When the obstacle ends or is checked next; null if that is unknown. */
  until: string | null;
  /** Queued tasks of the pool, with the job's own. */
  queued: number;
  /** When the job's queued tasks time out. */
  failsAt: string;
  /** For `KeysExhausted`. */
  keys?: { total: number; refused: number; cooling: number; withoutQuota: number; coolingUntil: string | null };
  /** For `QueueLongerThanTimeout`. */
  estimate?: {
    /** Tasks that are served before the job's last one. */
    before: number;
    /** About when the last task starts, ms from now. */
    waitMs: number;
    /** What is left of the time limit, ms. */
    timeoutMs: number;
    /** Tasks of the job that would time out. */
    late: number;
    /** Of all usable keys; null if the pool needs none. */
    requestsPerMinute: number | null;
    slots: number;
    /** How long attempts take on average, ms; null if unknown. */
    attemptMs: number | null;
  };
}
