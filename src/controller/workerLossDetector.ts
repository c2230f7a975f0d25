// Finds running tasks that may have lost their worker: it has been silent for too long, its connection is lost, or its
// heartbeats no longer list the task. It only selects the tasks to check; the rules decide.

import type { Duration } from '../job/duration.ts';
import type { TaskState } from '../job/task.ts';
import { after, earliest, elapsed, latest, longAgo, never, type Instant, type Monotonic } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { IndexedTask, JobIndex } from '../readmodel/jobIndex.ts';
import { fromTaskKey, type TaskKey, taskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { OutageDetector } from './outageDetector.ts';
import { Schedule } from '../job/schedule.ts';

/** The time between two checks of a silent worker's tasks, ms. */
const recheckEvery = 1_000;
/** A silent worker without running tasks is forgotten after this time, ms. */
const forgetAfter = 60_000;

export interface WorkerLossOptions {
  readonly clock: Clock;
  readonly index: JobIndex;
  readonly workers: WorkerDirectory;
  readonly outage: OutageDetector;
  readonly heartbeatTimeoutMs: Duration;
}

export class WorkerLossDetector {
  readonly #options: WorkerLossOptions;
  readonly #running = new RunningTasks();
  /** Workers with running tasks, by the time at which their silence becomes too long. */
  readonly #silences = new Schedule<Monotonic>();

  constructor(options: WorkerLossOptions) {
    this.#options = options;
    for (const task of options.index.openTasks()) this.update(undefined, task);
  }

  /** Call it when the index has a new state of a task. */
  update(before: IndexedTask | undefined, { state, seenAt }: IndexedTask): void {
    this.#running.update(before?.state, state);
    if (state.state !== 'running') return;
    const lost = this.#options.workers.observed(state.worker)?.connectionLost === true;
    this.#silences.noLaterThan(state.worker, lost ? seenAt : after(seenAt, this.#options.heartbeatTimeoutMs));
  }

  connectionLost(worker: string): void {
    this.#silences.set(worker, this.#options.clock.monotonic());
  }

  /** When the next worker may have been silent for too long, by the server's time; `now` is the current one. */
  next(now: Instant): Instant {
    const wait = elapsed(this.#options.clock.monotonic(), this.#silences.next() ?? never);
    // Whole milliseconds: a smaller wait could vanish in the sum, and the controller would not sleep at all.
    return now + Math.ceil(Math.max(0, wait));
  }

  /** Returns the tasks to check because their workers may be lost. */
  *takeSuspects(): Generator<TaskKey> {
    const { clock } = this.#options;
    for (let worker = this.#silences.takeDue(clock.monotonic()); worker !== undefined;) {
      yield* this.#suspectsOf(worker);
      worker = this.#silences.takeDue(clock.monotonic());
    }
  }

  /** Tasks that the worker runs according to the index, but that its last two heartbeats did not list. */
  tasksNotListed(worker: string): TaskKey[] {
    const observed = this.#options.workers.observed(worker);
    if (observed === undefined) return [];
    return [...this.#running.of(worker)].filter((key) => {
      const { job, task } = fromTaskKey(key);
      return observed.beatsWithout(job, task) >= 2;
    });
  }

  /** Schedules a check of every worker with running tasks, and forgets tasks and workers that no longer exist. */
  rescan(): void {
    const { index, workers, clock } = this.#options;
    this.#running.keep((key) => indexed(key, index)?.state.state === 'running');
    this.#silences.clear();
    for (const worker of this.#running.workers()) this.#silences.set(worker, clock.monotonic());
    workers.forgetSilent(forgetAfter, (worker) => this.#running.of(worker).size > 0);
  }

  clear(): void {
    this.#silences.clear();
    this.#running.clear();
  }

  #suspectsOf(worker: string): readonly TaskKey[] {
    const { workers, outage, heartbeatTimeoutMs } = this.#options;
    const keys = this.#silentTasks(worker);
    if (keys.length === 0) return keys;
    const isSilent = workers.observed(worker, outage.trustsLosses)?.connectionLost !== true;
    if (isSilent && !outage.active && workers.mostFellSilent(heartbeatTimeoutMs)) outage.begin('workersSilent');
    return isSilent && outage.active ? [] : keys;
  }

  /** The worker's tasks that are affected by its silence or lost connection; schedules the next check of the others. */
  #silentTasks(worker: string): TaskKey[] {
    const { workers, heartbeatTimeoutMs, index, clock } = this.#options;
    const lost = workers.observed(worker)?.connectionLost === true;
    const heardAt = workers.heardAt(worker) ?? longAgo;
    const now = clock.monotonic();
    const due: TaskKey[] = [];
    let next = never;
    for (const key of this.#running.of(worker)) {
      const silentAt = after(latest(heardAt, indexed(key, index)?.seenAt ?? longAgo), heartbeatTimeoutMs);
      if (lost || silentAt <= now) due.push(key);
      else next = earliest(next, silentAt);
    }
    if (due.length > 0) next = earliest(next, after(now, recheckEvery));
    if (next < never) this.#silences.set(worker, next);
    return due;
  }
}

function indexed(key: TaskKey, index: JobIndex): IndexedTask | undefined {
  const { job, task } = fromTaskKey(key);
  return index.task(job, task);
}

const none: ReadonlySet<TaskKey> = new Set();

/** Indexes running tasks by worker. */
class RunningTasks {
  readonly #byWorker = new Map<string, Set<TaskKey>>();

  update(before: TaskState | undefined, state: TaskState): void {
    const key = taskKey(state.of.job, state.of.task);
    if (before?.state === 'running') this.#remove(before.worker, key);
    if (state.state === 'running') this.#add(state.worker, key);
  }

  of(worker: string): ReadonlySet<TaskKey> {
    return this.#byWorker.get(worker) ?? none;
  }

  workers(): IterableIterator<string> {
    return this.#byWorker.keys();
  }

  /** Drops all other tasks: jobs leave the index without a change when their retention ends. */
  keep(isRunning: (key: TaskKey) => boolean): void {
    for (const [worker, keys] of this.#byWorker) for (const key of keys) if (!isRunning(key)) this.#remove(worker, key);
  }

  clear(): void {
    this.#byWorker.clear();
  }

  #add(worker: string, key: TaskKey): void {
    const keys = this.#byWorker.get(worker) ?? new Set();
    keys.add(key);
    this.#byWorker.set(worker, keys);
  }

  #remove(worker: string, key: TaskKey): void {
    const keys = this.#byWorker.get(worker);
    keys?.delete(key);
    if (keys?.size === 0) this.#byWorker.delete(worker);
  }
}
