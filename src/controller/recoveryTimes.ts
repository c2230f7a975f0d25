// Measures recoveries: from the last heartbeat of a lost worker until its task runs again or is terminal. Every controller measures
// them, so that a new leader also knows the end of a recovery that began before its term.

import type { TaskState } from '../job/task.ts';
import { elapsed, latest, longAgo, type Instant } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Change } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

export interface Recovered {
  readonly rule: string;
  /** ms */
  readonly took: number;
}

/** A message that is older than this when it is seen says nothing about heartbeats, ms. */
const recent = 2_000;

export class RecoveryTimes {
  readonly #clock: Clock;
  readonly #workers: Pick<WorkerDirectory, 'heardAt'>;
  readonly #heartbeatTimeout: number;
  readonly #open = new Map<TaskKey, { rule: string; since: Instant }>();

  constructor(clock: Clock, workers: Pick<WorkerDirectory, 'heardAt'>, heartbeatTimeoutMs: number) {
    this.#clock = clock;
    this.#workers = workers;
    this.#heartbeatTimeout = heartbeatTimeoutMs;
  }

  /** Begins a recovery with a message that says that the worker was lost, and returns the recovery that the message completes. */
  change(change: Change): Recovered | undefined {
    const { state } = change.after;
    const key = taskKey(state.of.job, state.of.task);
    const rule = lossIn(change);
    if (rule !== undefined) this.#open.set(key, { rule, since: this.#lostAt(change) });
    const recovery = this.#open.get(key);
    if (recovery === undefined || state.state === 'queued' || state.state === 'waiting') return undefined;
    this.#open.delete(key);
    return { rule: recovery.rule, took: Math.max(0, change.entry.at - recovery.since) };
  }

  clear(): void {
    this.#open.clear();
  }

  /** The worker's last heartbeat; one heartbeat timeout before the message if this process did not listen at that time. */
  #lostAt({ before, entry }: Change): Instant {
    const now = this.#clock.now();
    if (before?.state.state !== 'running' || now - entry.at > recent) return entry.at - this.#heartbeatTimeout;
    const heard = latest(before.seenAt, this.#workers.heardAt(before.state.worker) ?? longAgo);
    return now - elapsed(heard, this.#clock.monotonic());
  }
}

/** The rule that wrote the message if it is about a lost worker. */
function lossIn({ before, after }: Change): string | undefined {
  const { state } = after;
  if (before === undefined ? !isPending(state) : before.state.state !== 'running') return undefined;
  if (state.reason === 'PoisonPill') return 'WorkerLost';
  return state.reason === 'WorkerLost' || state.reason === 'TaskOrphaned' ? state.reason : undefined;
}

const isPending = ({ state }: TaskState): boolean => state === 'queued' || state === 'waiting';
