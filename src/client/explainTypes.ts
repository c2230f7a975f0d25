// Explanations: why tasks are where they are.

import type { State, TaskError } from './types.ts';

export interface ExplainedTask {
  job: string;
  task: number;
  name: string | null;
  pool: string;
  state: State;
  reason: string;
  run: number;
  attempt: number;
  sequence: number;
  since: string;
  sinceMs: number;
  /** Such as `NoWorkers`: the one thing that best says why it is where it is. */
  cause: string;
  summary: string;
  details: string[];
  advice: string[];
  dueAt: string | null;
  retryAt: string | null;
  /** What happens by itself, the nearest first. */
  next: { at: string; rule: string; says: string }[];
  /** ms. */
  budgetsLeft: { queue: number; run: number; review: number } | null;
  queue: { lane: string; ahead: number; aheadRequeued: number } | null;
  worker: { name: string; lastBeatMsAgo: number | null; draining: boolean; progress: number } | null;
  error: TaskError | null;
}

export interface ObservedPool {
  name: string;
  lanes: { again: number; high: number; normal: number; low: number };
  workers: number;
  draining: number;
  slots: { total: number; free: number };
  keys: { fingerprint: string; state: string; until: string | null; cause: string | null }[] | null;
  paused: boolean;
  pausedUntil: string | null;
  lastClaimAt: string | null;
}

export interface ExplainedJob {
  id: string;
  state: State;
  summary: string;
  deadlineAt: string;
  pool: ObservedPool;
  tasks: ExplainedTask[];
}

export interface StuckFilter {
  /** Such as `5m`, the default. */
  olderThan?: string;
  jobId?: string;
  pool?: string;
}

export interface StuckTask extends ExplainedTask {
  tenant: string;
  overdue: boolean;
}

export interface StuckList {
  items: StuckTask[];
  next: null;
  /** More than `items` where there are more than 500. */
  total: number;
  pools: ObservedPool[];
}

export interface FixedTask {
  job: string;
  task: number;
  /** `changed`: it moved since it was seen, and was left alone. */
  outcome: 'failed' | 'changed' | 'notFound';
}

export interface Checklist {
  /** Every check is. */
  ok: boolean;
  version: string;
  checks: Check[];
}

export interface Check {
  name: string;
  ok: boolean;
  says: string;
  /** What to do. */
  advice: string | null;
}
