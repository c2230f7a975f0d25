// Observe, decide, apply: looks at one task at a time, and writes what the rules say by one conditional write. A bounded
// number of looks is under way at once.

import { elapsed, type Monotonic } from '../job/time.ts';
import { equalJitter, type Backoff } from '../job/backoff.ts';
import { decide } from '../job/rules/decide.ts';
import type { World, Write } from '../job/rules/rule.ts';
import { isOpen, type Instant, type OpenTask, type Sequence } from '../job/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog, LogEntry } from '../ports/jobLog.ts';
import type { Follower } from '../readmodel/follower.ts';
import { addressOf, messageFor, type Message } from './message.ts';
import { fromTaskKey, type TaskKey } from '../readmodel/taskKey.ts';

/** Delays before a task whose write failed is looked at again, ms. */
const failureBackoff: Backoff = { first: 500, cap: 30_000 };

/** One open task as it was observed. */
export interface Observed {
  readonly task: OpenTask;
  readonly sequence: Sequence;
  readonly seenAt: Monotonic;
}

export type Outcome =
  | { readonly outcome: 'written'; readonly entry: LogEntry }
  /** A newer message was there. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'failed'; readonly error: unknown };

export interface ReconcilerOptions {
  readonly log: JobLog;
  readonly follower: Follower;
  readonly clock: Clock;
  readonly random: () => number;
  readonly world: () => World;
  /** The queue has lost the message of this task. */
  readonly messageMissing: (observed: Observed) => boolean;
  /** May this process write at the moment? */
  readonly mayWrite: () => boolean;
  readonly lookAgain: (key: TaskKey, at: Instant) => void;
  readonly onOutcome: (observed: Observed, message: Message, outcome: Outcome) => void;
  /** A read or write failed; it is tried again. */
  readonly onFault: (key: TaskKey, error: unknown) => void;
}

const atOnce = 64;
/** Looks in a row at one task whose writes are refused, before others get their turn. */
const looksInARow = 4;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #queued = new Set<TaskKey>();
  readonly #underWay = new Map<TaskKey, Promise<void>>();
  /** The sequence that the last write to a task expected, and how often one failed: never written on twice unseen. */
  readonly #tried = new Map<TaskKey, { sequence: Sequence; failures: number }>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Looks at the task as soon as there is room. What comes of it is said by `lookAgain` or by a change of the index. */
  look(key: TaskKey): void {
    if (this.#underWay.has(key)) return;
    this.#queued.add(key);
    this.#start();
  }

  /** The index has a newer message of the task. */
  moved(key: TaskKey): void {
    this.#tried.delete(key);
  }

  /** Forgets what is not under way yet, and waits for what is. */
  async stop(): Promise<void> {
    this.#queued.clear();
    await Promise.all(this.#underWay.values());
  }

  #start(): void {
    for (const key of this.#queued) {
      if (this.#underWay.size >= atOnce) return;
      this.#queued.delete(key);
      const looking = this.#lookNow(key).finally(() => {
        this.#underWay.delete(key);
        this.#start();
      });
      this.#underWay.set(key, looking);
    }
  }

  /** Never throws. */
  async #lookNow(key: TaskKey): Promise<void> {
    const { clock, lookAgain, onFault } = this.#options;
    try {
      for (let look = 0; look < looksInARow; look += 1) if (await this.#settled(key)) return;
      lookAgain(key, clock.now() + 1_000);
    } catch (error) {
      onFault(key, error);
      lookAgain(key, clock.now() + this.#delayAfterFailure(key));
    }
  }

  /** One look; false when the task has to be looked at again at once. */
  async #settled(key: TaskKey): Promise<boolean> {
    const { clock, random, world, mayWrite, lookAgain } = this.#options;
    if (!mayWrite()) return true;
    const observed = await this.#observe(key);
    if (observed === undefined) return true;
    const { task, seenAt } = observed;
    const now = clock.now();
    const messageMissing = this.#options.messageMissing(observed);
    const seen = { task, seenFor: elapsed(seenAt, clock.monotonic()), messageMissing };
    const verdict = decide(seen, world(), now, random());
    if (verdict.do === 'write') return this.#apply(key, observed, verdict, now);
    lookAgain(key, verdict.lookAgainAt);
    return true;
  }

  /** The task as the index has it; as the stream's leader has it where the index's state was written on already. */
  async #observe(key: TaskKey): Promise<Observed | undefined> {
    const known = this.#fromIndex(key);
    if (known === undefined || this.#tried.get(key)?.sequence !== known.sequence) return known;
    const last = await this.#options.log.last(addressOf(known.task));
    if (last === undefined) return undefined;
    this.#options.follower.applyOwn(last);
    return this.#fromIndex(key);
  }

  #fromIndex(key: TaskKey): Observed | undefined {
    const { job, task } = fromTaskKey(key);
    const known = this.#options.follower.index.task(job, task);
    if (known === undefined || !isOpen(known.state)) return undefined;
    return { task: known.state, sequence: known.sequence, seenAt: known.seenAt };
  }

  async #apply(key: TaskKey, observed: Observed, verdict: Write, now: Instant): Promise<boolean> {
    const { log, follower, onOutcome, mayWrite } = this.#options;
    const { task, sequence } = observed;
    const message = await messageFor(verdict, task, sequence, log, now);
    if (!mayWrite()) return true;
    this.#tried.set(key, { sequence, failures: this.#tried.get(key)?.failures ?? 0 });
    try {
      const answer = await log.write(message.write, sequence);
      onOutcome(observed, message, answer.outcome === 'written' ? answer : { outcome: 'refused' });
      if (answer.outcome === 'written') follower.applyOwn(answer.entry);
      else if (answer.last !== undefined) follower.applyOwn(answer.last);
      return answer.outcome === 'written';
    } catch (error) {
      onOutcome(observed, message, { outcome: 'failed', error });
      throw error;
    }
  }

  #delayAfterFailure(key: TaskKey): number {
    const { sequence = -1, failures = 0 } = this.#tried.get(key) ?? {};
    this.#tried.set(key, { sequence, failures: failures + 1 });
    return equalJitter(failures + 1, failureBackoff, this.#options.random());
  }
}
