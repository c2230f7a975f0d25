// The changes of jobs after a position in the stream, each job as its newest message left it. The position is all the state
// there is: another process can continue where this one ended.

import { elapsed } from '../../job/time.ts';
import { JobsAfter } from '../../jobs/events/jobsAfter.ts';
import { missedEntries, replaySource } from '../../jobs/events/replay.ts';
import { WakeUp } from '../../jobs/events/wakeUp.ts';
import type { TaskVersion } from '../../jobs/list.ts';
import type { LogEntry, Position } from '../../ports/jobLog.ts';
import type { WatchedJobs } from '../context.ts';
import { expired } from '../status.ts';

export type JobChange =
  /** `isNew`: the job was submitted after the position at which the changes began. */
  | { readonly change: 'changed'; readonly entry: LogEntry; readonly tasks: readonly TaskVersion[]; isNew: boolean }
  | { readonly change: 'deleted'; readonly entry: LogEntry }
  /** Everything up to the position has been told. */
  | { readonly change: 'none'; readonly at: Position };

/** Those that are told together. */
export type JobChanges = readonly JobChange[];

/** A client that missed more messages lists again, which is cheaper. */
const maxMissed = 500_000;
const batchSize = 64;
const replaced = 'The stream of jobs was replaced';

/**
 * Ends when the signal aborts, and when the caller is too slow: then it can continue from the last position. Throws `Expired` if
 * the position is of another stream or too old, and `Unavailable`.
 */
export async function* jobChanges(
  context: WatchedJobs,
  from: Position,
  { quietMs, signal }: { readonly quietMs: number; readonly signal: AbortSignal },
): AsyncGenerator<JobChanges> {
  const { recent } = context;
  const wakeUp = new WakeUp();
  const stop = recent.onChange(() => wakeUp.wake());
  try {
    while (recent.epoch === '' && !signal.aborted) await wakeUp.wait(1_000, signal);
    if (signal.aborted) return;
    yield* new Changes(context, from, wakeUp, signal).all(quietMs);
  } finally {
    stop();
  }
}

class Changes {
  readonly #context: WatchedJobs;
  readonly #wakeUp: WakeUp;
  readonly #signal: AbortSignal;
  readonly #jobs: JobsAfter;
  /** Submitted since the beginning, and not told yet. */
  readonly #new = new Set<string>();
  #told: Position;

  constructor(context: WatchedJobs, from: Position, wakeUp: WakeUp, signal: AbortSignal) {
    this.#context = context;
    this.#told = from;
    this.#wakeUp = wakeUp;
    this.#signal = signal;
    this.#jobs = new JobsAfter(context);
  }

  async *all(quietMs: number): AsyncGenerator<JobChanges> {
    yield* this.#missed();
    const { recent, clock } = this.#context;
    let since = clock.monotonic();
    while (!this.#signal.aborted) {
      if (recent.epoch !== this.#told.epoch) throw expired(replaced);
      // Read together, so that no message can be between them.
      const [entries, last] = [recent.after(this.#told.sequence), recent.last];
      if (entries === undefined) return;
      yield* this.#batches(entries);
      const left = quietMs - elapsed(since, clock.monotonic());
      let isQuiet = left <= 0;
      if (!isQuiet && entries.length === 0) {
        this.#jobs.forget();
        // Messages that are not of jobs move the position too.
        this.#advance(last);
        isQuiet = !(await this.#wakeUp.wait(left, this.#signal));
      }
      if (!isQuiet || this.#signal.aborted) continue;
      yield [{ change: 'none', at: this.#told }];
      since = clock.monotonic();
    }
  }

  /** Changes from before the messages that this process has in memory. */
  async *#missed(): AsyncGenerator<JobChanges> {
    const { recent } = this.#context;
    const source = await replaySource(this.#context, this.#told, maxMissed);
    if (source === 'reset')
      throw expired(recent.epoch === this.#told.epoch ? 'The resource version is too old' : replaced);
    if (source !== 'stream') return;
    for await (const entries of missedEntries(this.#context, this.#told, this.#signal)) yield* this.#batches(entries);
    if (!this.#signal.aborted) this.#advance(recent.since);
  }

  async *#batches(entries: readonly LogEntry[]): AsyncGenerator<JobChanges> {
    for (let from = 0; from < entries.length; from += batchSize) {
      const batch = entries.slice(from, from + batchSize).filter(({ sequence }) => sequence > this.#told.sequence);
      const jobs = await this.#jobs.after(batch);
      const lastOfJobs = new Map(batch.map((entry) => [entry.state.of.job, entry]));
      const changes = batch.flatMap((entry): JobChanges => {
        const { job } = entry.state.of;
        if (isSubmit(entry)) this.#new.add(job);
        const tasks = jobs.get(entry.sequence);
        if (tasks !== undefined) return [{ change: 'changed', entry, tasks, isNew: this.#new.delete(job) }];
        if (entry.state.state !== 'deleted' || lastOfJobs.get(job) !== entry) return [];
        this.#new.delete(job);
        return [{ change: 'deleted', entry }];
      });
      if (changes.length > 0) yield changes;
      if (batch.length > 0) this.#advance(batch.at(-1)!.sequence);
    }
  }

  #advance(sequence: number): void {
    if (sequence > this.#told.sequence) this.#told = { ...this.#told, sequence };
  }
}

const isSubmit = ({ state }: LogEntry): boolean =>
  state.run === 1 && state.attempt === 0 && (state.reason === 'Submitted' || state.reason === 'AwaitingTasks');
