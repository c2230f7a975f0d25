// The figures of the last hour, and the settings of an API process, as the API shows them.

export interface Activity {
  /** When this was answered. */
  at: string;
  /** From when on the figures are complete; null: unknown, because too many tenants are active. */
  since: string | null;
  /** How old the figures are, ms: 0, or the time since the API was cut off from NATS. */
  behindMs: number;
  /** Open tasks that should have changed at least 15 s ago. */
  overdue: number;
  /** The open tasks by state. */
  now: { queued: number; running: number; waiting: number; needs_review: number };
  hour: FinishedTasks & {
    /** Succeeded tasks among those that succeeded or failed, 0 to 1; null: there were none. */
    successRate: number | null;
  };
  /** The last 60 minutes, oldest first; the last one is the current minute. */
  minutes: (FinishedTasks & {
    /** The start of the minute. */
    at: string;
    /** Open tasks at the end of the minute. */
    queued: number;
    running: number;
    waiting: number;
  })[];
}

/** Tasks that ended, by outcome. */
export interface FinishedTasks {
  succeeded: number;
  failed: number;
  cancelled: number;
  /** Half of the tasks that succeeded or failed took no longer, ms, from submit or retry to the end, without review. */
  p50Ms: number | null;
  /** 95 % of them took no longer, ms. */
  p95Ms: number | null;
}

export interface Setting {
  /** The environment variable. */
  name: string;
  /** Null if it is not set. Only the length of a secret; URLs without their users. */
  value: string | null;
  /** `default`, `unset`, `env NAME`, `flag --name` or `file NAME`. */
  source: string;
  description: string;
}
