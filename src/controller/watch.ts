// What the controller keeps in sight: every open task by the moment of its next look, workers by the moment at which
// their silence counts, and who runs what. Fed by stream and heartbeats; it only says what to look at.

import { after, earliest, elapsed, latest, longAgo, never, type Monotonic } from '../job/time.ts';
import { reportGrace } from '../job/rules/overdue.ts';
import { isOpen, type Instant, type OpenTask } from '../job/task.ts';
import type { Change, JobIndex } from '../readmodel/jobIndex.ts';
import { Schedule } from './schedule.ts';
import { RunningTasks } from './runningTasks.ts';
import { fromTaskKey, taskKey, type TaskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

/** ms after which a worker whose tasks were all looked at is looked at again. */
const again = 1_000;

export interface WatchOptions {
  readonly index: JobIndex;
  readonly workers: WorkerDirectory;
  readonly heartbeatTimeout: number;
  readonly monotonic: () => Monotonic;
}

export class Watch {
  /** By the server's time. */
  readonly #tasks = new Schedule<Instant>();
  /** Workers that run something, by the monotonic moment at which they may have been silent for too long. */
  readonly #silences = new Schedule<Monotonic>();
  readonly #running = new RunningTasks();
  readonly #options: WatchOptions;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** The server's time at which there is something to look at, where it is `now`. */
  next(now: Instant): Instant {
    const untilSilence = elapsed(this.#options.monotonic(), this.#silences.next() ?? never);
    return Math.min(this.#tasks.next() ?? Infinity, now + Math.max(0, untilSilence));
  }

  change(change: Change): void {
    const { state, seenAt } = change.after;
    this.#running.take(change);
    this.#note(taskKey(state.of.job, state.of.task), change.after);
    if (state.state !== 'running') return;
    const lost = this.#options.workers.sight(state.worker)?.connectionLost === true;
    this.#silences.noLaterThan(state.worker, lost ? seenAt : after(seenAt, this.#options.heartbeatTimeout));
  }

  lookAgain(key: TaskKey, at: Instant): void {
    this.#tasks.set(key, at);
  }

  takeDue(now: Instant): TaskKey | undefined {
    return this.#tasks.takeDue(now);
  }

  takeSilent(): string | undefined {
    return this.#silences.takeDue(this.#options.monotonic());
  }

  /** The tasks of a worker that its silence, or the loss of its connection, concerns; it is looked at again in time. */
  tasksToJudge(worker: string): TaskKey[] {
    const { workers, heartbeatTimeout, monotonic } = this.#options;
    const lost = workers.sight(worker)?.connectionLost === true;
    const heardAt = workers.heardAt(worker) ?? longAgo;
    const due: TaskKey[] = [];
    let next = never;
    for (const key of this.#running.of(worker)) {
      const { job, task } = fromTaskKey(key);
      const silentAt = after(latest(heardAt, this.#options.index.task(job, task)?.seenAt ?? longAgo), heartbeatTimeout);
      if (lost || silentAt <= monotonic()) due.push(key);
      else next = earliest(next, silentAt);
    }
    if (due.length > 0) next = earliest(next, after(monotonic(), again));
    if (next < never) this.#silences.set(worker, next);
    return due;
  }

  /** The tasks that the index says the worker runs and that its last beats did not list. */
  tasksNotListed(worker: string): TaskKey[] {
    const sight = this.#options.workers.sight(worker);
    if (sight === undefined) return [];
    return [...this.#running.of(worker)].filter((key) => {
      const { job, task } = fromTaskKey(key);
      return sight.beatsWithout(job, task) >= 2;
    });
  }

  runsSomething(worker: string): boolean {
    return this.#running.of(worker).size > 0;
  }

  /** The worker is looked at this many ms from now. */
  lookAtWorker(worker: string, inMs = 0): void {
    this.#silences.set(worker, after(this.#options.monotonic(), inMs));
  }

  /** Everything is looked at when its time has come by the index, whatever was said before; what is gone is forgotten. */
  lookAtAll(): void {
    const { index } = this.#options;
    for (const task of index.openTasks()) this.#note(taskKey(task.state.of.job, task.state.of.task), task);
    for (const key of this.#tasks.keys()) if (!isOpenIn(index, key)) this.#tasks.delete(key);
    this.#running.keep((key) => stateOf(key, index)?.state === 'running');
    this.#silences.clear();
    for (const worker of this.#running.workers()) this.lookAtWorker(worker);
  }

  clear(): void {
    this.#tasks.clear();
    this.#silences.clear();
    this.#running.clear();
  }

  #note(key: TaskKey, { state }: Change['after']): void {
    if (isOpen(state)) this.#tasks.set(key, firstLook(state));
    else this.#tasks.delete(key);
  }
}

function firstLook(task: OpenTask): Instant {
  if (task.state === 'running') return task.dueAt + reportGrace;
  return task.state === 'waiting' ? Math.min(task.retryAt, task.dueAt) : task.dueAt;
}

function isOpenIn(index: JobIndex, key: TaskKey): boolean {
  const state = stateOf(key, index);
  return state !== undefined && isOpen(state);
}

const stateOf = (key: TaskKey, index: JobIndex) => {
  const { job, task } = fromTaskKey(key);
  return index.task(job, task)?.state;
};
