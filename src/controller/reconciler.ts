// Reconciles tasks: observes a task, lets the rules decide, and applies the verdict with one conditional write. Limits how many
// checks run in parallel.

import { equalJitter, type Backoff } from '../job/backoff.ts';
import { decide } from '../job/rules/decide.ts';
import type { Write } from '../job/rules/rule.ts';
import { isHeld, isOpen, type Instant, type Sequence } from '../job/task.ts';
import { elapsed } from '../job/time.ts';
import { placer, type Placer } from '../jobs/lanes.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import { startVerdictSpan } from '../telemetry/tracing/taskSpans.ts';
import { nameOf, type Tracer } from '../telemetry/tracing/tracer.ts';
import { fromTaskKey, type TaskKey } from '../readmodel/taskKey.ts';
import { parentsOf } from './dependents.ts';
import type { DueTimes } from './dueTimes.ts';
import { addressOf, messageFor, type Message, type Observed } from './message.ts';
import type { MissingMessages } from './missingMessages.ts';
import type { OutcomeReporter } from './outcomeReporter.ts';
import type { WorldObserver } from './worldObserver.ts';
import type { WritePermission } from './writePermission.ts';

/** Delays before a task is checked again after a failed write, ms: it is overdue, and NATS may store the next write. */
const failureBackoff: Backoff = { first: 500, cap: 2_000 };

export interface ReconcilerOptions {
  readonly log: JobLog;
  readonly tracer: Tracer;
  readonly follower: Follower;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: WorldObserver;
  readonly missing: MissingMessages;
  readonly permission: WritePermission;
  readonly dueTimes: DueTimes;
  readonly reporter: OutcomeReporter;
  readonly pools: Pick<PoolRegistry, 'find'>;
  readonly workers: Pick<WorkerDirectory, 'list'>;
}

const concurrency = 64;
/** Maximum consecutive checks of a task with refused writes before other tasks get their turn. */
const checksInARow = 4;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #place: Placer;
  readonly #queued = new Set<TaskKey>();
  readonly #running = new Map<TaskKey, Promise<void>>();
  /** Running checks that must be repeated. */
  readonly #again = new Set<TaskKey>();
  /**
   * The sequence that the last write to each task expected (a second write to it needs a fresh read), and the number of
   * failures.
   */
  readonly #attempted = new Map<TaskKey, { sequence: Sequence; failures: number }>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#place = placer(options);
  }

  /** Checks the task as soon as there is capacity, and schedules its next check unless the index changes first. */
  check(key: TaskKey): void {
    if (this.#running.has(key)) return;
    this.#queued.add(key);
    this.#start();
  }

  /** Call it when a task that this one waits for has ended: a check that is running may not have seen it. */
  parentEnded(key: TaskKey): void {
    if (this.#running.has(key)) this.#again.add(key);
    else this.#options.dueTimes.checkAgain(key, this.#options.clock.now());
  }

  /** Call it when the index has a newer message of the task. */
  taskChanged(key: TaskKey): void {
    this.#attempted.delete(key);
  }

  /** Drops queued checks and waits for the running ones. */
  async stop(): Promise<void> {
    this.#queued.clear();
    await Promise.all(this.#running.values());
  }

  #start(): void {
    for (const key of this.#queued) {
      if (this.#running.size >= concurrency) return;
      this.#queued.delete(key);
      const checking = this.#checkNow(key).finally(() => {
        this.#running.delete(key);
        if (this.#again.delete(key)) this.parentEnded(key);
        this.#start();
      });
      this.#running.set(key, checking);
    }
  }

  /** Never rejects. */
  async #checkNow(key: TaskKey): Promise<void> {
    const { clock, dueTimes, reporter } = this.#options;
    try {
      for (let check = 0; check < checksInARow; check += 1) if (await this.#checkOnce(key)) return;
      dueTimes.checkAgain(key, clock.now() + 1_000);
    } catch (error) {
      reporter.failed(key, error);
      dueTimes.checkAgain(key, clock.now() + this.#delayAfterFailure(key));
    }
  }

  /** Checks the task once; returns false if it must be checked again immediately. */
  async #checkOnce(key: TaskKey): Promise<boolean> {
    const { clock, random, observer, missing, permission, dueTimes } = this.#options;
    if (!permission.granted) return true;
    const observed = await this.#observe(key);
    if (observed === undefined) return true;
    const { task, sequence, seenAt } = observed;
    const messageMissing = missing.has(task.of.job, task.of.task, sequence);
    const parents = isHeld(task) ? await parentsOf(task, this.#options) : [];
    if (!permission.granted) return true;
    const seen = { task, seenFor: elapsed(seenAt, clock.monotonic()), messageMissing, parents };
    const now = clock.now();
    const verdict = decide(seen, observer.world(), now, random());
    if (verdict.do === 'write') return this.#apply(key, observed, verdict, now);
    dueTimes.checkAgain(key, verdict.checkAgainAt);
    return true;
  }

  /**
   * Reads the task from the index, or from the stream's leader if this process has already tried to write over the
   * index's state.
   */
  async #observe(key: TaskKey): Promise<Observed | undefined> {
    const known = this.#fromIndex(key);
    if (known === undefined || this.#attempted.get(key)?.sequence !== known.sequence) return known;
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
    const { log, tracer, follower, reporter, permission } = this.#options;
    const { task, sequence } = observed;
    const message = this.#placed(await messageFor(verdict, task, sequence, log, now));
    if (!permission.granted) return true;
    this.#attempted.set(key, { sequence, failures: this.#attempted.get(key)?.failures ?? 0 });
    const span = startVerdictSpan(tracer, task, message.rule);
    try {
      const answer = await log.write(message.write, sequence);
      span.set({ 'genwarden.state': message.write.state.state, 'genwarden.write': answer.outcome });
      reporter.reconciled(observed, message, answer.outcome === 'written' ? answer : { outcome: 'refused' });
      if (answer.outcome === 'written') follower.applyOwn(answer.entry);
      else if (answer.last !== undefined) follower.applyOwn(answer.last);
      return answer.outcome === 'written';
    } catch (error) {
      span.fail(nameOf(error));
      reporter.reconciled(observed, message, { outcome: 'failed', error });
      throw error;
    } finally {
      span.end();
    }
  }

  /** A task that waited for others is queued now, so its part is chosen now. */
  #placed({ write, rule }: Message): Message {
    if (rule !== 'DependenciesMet' || write.state.state !== 'queued') return { write, rule };
    return { write: this.#place(write), rule };
  }

  #delayAfterFailure(key: TaskKey): number {
    const { sequence = -1, failures = 0 } = this.#attempted.get(key) ?? {};
    this.#attempted.set(key, { sequence, failures: failures + 1 });
    return equalJitter(failures + 1, failureBackoff, this.#options.random());
  }
}
