// What the stream says about every task: an observer that no fault touches. Times are those at which the server stored a
// message, so a busy observer does not distort them.

import { isOpen } from '../../src/job/task.ts';
import type { FollowEvent, LogEntry } from '../../src/ports/jobLog.ts';

export interface Struck {
  /** ms from the fault to the task queued again, and to it running elsewhere or terminal; undefined: not yet. */
  readonly requeued: number | undefined;
  readonly recovered: number | undefined;
}

/** What must not happen to any task under any fault. */
export interface Harm {
  readonly tasks: number;
  /** Acknowledged, and not terminal or not in the stream at all. */
  readonly lost: number;
  /** Succeeded more than once. */
  readonly double: number;
}

export class Record {
  readonly #tasks = new Map<string, LogEntry[]>();
  readonly #endListeners = new Set<(task: string) => void>();

  take(event: FollowEvent): void {
    if (event.event !== 'entry') return;
    const { state } = event.entry;
    const key = `${state.of.job}/${state.of.task}`;
    const entries = this.#tasks.get(key) ?? [];
    // A follower that restarts after an outage may repeat known entries.
    if ((entries.at(-1)?.sequence ?? 0) >= event.entry.sequence) return;
    this.#tasks.set(key, [...entries, event.entry]);
    if (!isOpen(state)) for (const listener of this.#endListeners) listener(key);
  }

  onEnd(listener: () => void): () => void {
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  runningOn(worker: string): number {
    return [...this.#tasks.values()].filter((entries) => runsOn(entries.at(-1), worker)).length;
  }

  /** The tasks of one job, oldest entry first. */
  entriesOf(job: string): readonly LogEntry[] {
    return this.#tasks.get(`${job}/0`) ?? [];
  }

  /** The tasks that the worker ran at the moment `at`, ms since 1970. */
  struck(worker: string, at: number): Struck[] {
    return [...this.#tasks.values()].flatMap((entries) => struckIn(entries, worker, at) ?? []);
  }

  /** The first moment from `at` on at which any task was claimed. */
  firstClaimFrom(at: number): number | undefined {
    const claims = [...this.#tasks.values()]
      .flat()
      .filter((entry) => entry.state.state === 'running' && entry.at >= at);
    return claims.length === 0 ? undefined : Math.min(...claims.map((entry) => entry.at));
  }

  /** Of single-task jobs that were acknowledged. */
  harm(jobs: readonly string[]): Harm {
    const all = jobs.map((job) => this.entriesOf(job));
    const successes = all.map((entries) => entries.filter(({ state }) => state.state === 'succeeded').length);
    return {
      tasks: all.length,
      lost: all.filter((entries) => entries.length === 0 || isOpen(entries.at(-1)!.state)).length,
      double: successes.filter((count) => count > 1).length,
    };
  }
}

const runsOn = (entry: LogEntry | undefined, worker: string): boolean =>
  entry?.state.state === 'running' && entry.state.worker === worker;

/** Undefined where the worker did not run the task then, or still reported its end itself. */
function struckIn(entries: readonly LogEntry[], worker: string, at: number): Struck | undefined {
  const claim = entries.findLastIndex((entry) => runsOn(entry, worker) && entry.at <= at + inFlight);
  const next = entries[claim + 1];
  if (claim === -1 || (next !== undefined && (next.at <= at || endedBy(next, worker)))) return undefined;
  const later = entries.slice(claim + 1);
  const back = later.find(({ state }) => state.state === 'queued');
  const end = later.find(
    (entry) => !isOpen(entry.state) || (entry.state.state === 'running' && !runsOn(entry, worker)),
  );
  return { requeued: back && back.at - at, recovered: end && end.at - at };
}

/** ms in which what the worker had sent before the fault may still be stored. */
const inFlight = 50;

const endedBy = ({ state }: LogEntry, worker: string): boolean =>
  state.state === 'succeeded' && state.worker === worker;
