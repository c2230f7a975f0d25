// The index of the stream that every listing or watching process keeps: all open tasks and a bounded number of finished jobs.
// It does no I/O: the follower applies entries, and callers query it.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Counts } from '../job/jobState.ts';
import { servingPool } from '../job/target.ts';
import {
  isOpen,
  lanes,
  taskStates,
  type Instant,
  type Lane,
  type Sequence,
  type TaskState,
  type TaskStateName,
} from '../job/task.ts';
import { type Monotonic } from '../job/time.ts';
import type { LogEntry } from '../ports/jobLog.ts';
import { Interner } from './intern.ts';
import { JobOrder, type ListPosition } from './jobOrder.ts';
import { ModelTally } from './modelTally.ts';
import { QueueOrder } from './queueOrder.ts';
import { QueueLoads } from './queueLoads.ts';
import { TenantTally } from './tenantTally.ts';

/** The queued tasks of a pool. */
export interface QueuedTasks {
  readonly lanes: Readonly<Record<Lane, number>>;
  /** Only models with queued tasks. */
  readonly models: ReadonlyMap<string, number>;
}

export interface IndexedTask {
  readonly sequence: Sequence;
  readonly state: TaskState;
  /** When this process saw the state. */
  readonly seenAt: Monotonic;
}

export interface IndexedJob extends ListPosition {
  readonly expiresAt: Instant;
  readonly tenant: string;
  /** By task index; undefined if the index has not seen the task. */
  readonly tasks: readonly (IndexedTask | undefined)[];
  /** The index has seen every task of the job. */
  readonly complete: boolean;
  readonly openTasks: number;
}

export interface Change {
  readonly entry: LogEntry;
  readonly before: IndexedTask | undefined;
  readonly after: IndexedTask;
}

interface JobEntry extends IndexedJob {
  readonly tasks: (IndexedTask | undefined)[];
  seen: number;
  openTasks: number;
  complete: boolean;
  /** One of its tasks has a tombstone. */
  deleted: boolean;
}

export class JobIndex {
  readonly #jobs = new Map<JobId, JobEntry>();
  readonly #open = new Set<JobEntry>();
  /** In the order in which they finished; the first one is evicted first. */
  readonly #finished = new Set<JobEntry>();
  readonly #order = new JobOrder<JobEntry>();
  readonly #counts = new Map<string, Record<TaskStateName, number>>();
  readonly #queuedModels = new ModelTally();
  /** What is queued in each pool, and by which tenants. */
  readonly queues = new QueueLoads();
  /** Where each queued task is in its pool's queue. */
  readonly queueOrder = new QueueOrder();
  /** The open tasks of each tenant. */
  readonly tenants = new TenantTally();
  readonly #maxFinished: number;
  readonly #interner = new Interner();
  #completeSince: Instant | null = null;
  #openTasks = 0;

  constructor(options: { maxFinished?: number } = {}) {
    this.#maxFinished = options.maxFinished ?? 20_000;
  }

  /** Applies an entry; returns undefined if the index already has it or a newer one of the task. */
  apply(entry: LogEntry, seenAt: Monotonic): Change | undefined {
    const { of } = entry.state;
    const job = this.#jobs.get(of.job) ?? this.#add(entry.state);
    const before = job.tasks[of.task];
    if (before !== undefined && before.sequence >= entry.sequence) return undefined;
    const state = this.#interner.share(entry.state, before?.state, job.tasks.find((task) => task !== undefined)?.state);
    const after = { sequence: entry.sequence, state, seenAt };
    this.#replace(job, of.task, before, after);
    if (state.state === 'deleted') job.deleted = true;
    // A task that a retry reopened next to tombstones must stay in the index until it ends.
    if (job.deleted && job.openTasks === 0) this.#remove(job);
    else this.#evict();
    return { entry, before, after };
  }

  task(job: JobId, task: TaskIndex): IndexedTask | undefined {
    return this.#jobs.get(job)?.tasks[task];
  }

  job(job: JobId): IndexedJob | undefined {
    return this.#jobs.get(job);
  }

  /** Jobs newest first, strictly older than `before`. */
  newestFirst(before?: ListPosition): Iterable<IndexedJob> {
    return this.#order.descending(before);
  }

  *openTasks(): Generator<IndexedTask> {
    for (const job of this.#open) {
      for (const task of job.tasks) if (task !== undefined && isOpen(task.state)) yield task;
    }
  }

  /** The number of tasks in each state by pool, among the tasks in the index. */
  counts(): ReadonlyMap<string, Counts> {
    return this.#counts;
  }

  /** The queued tasks that the pool's workers serve. */
  queued(pool: string): QueuedTasks {
    const inLanes = lanes.map((lane) => [lane, this.queueOrder.length(pool, lane)]);
    return { lanes: Object.fromEntries(inLanes) as Record<Lane, number>, models: this.#queuedModels.of(pool) };
  }

  /** The index has every job submitted after this time, except deleted ones; null: it has all jobs. */
  get completeSince(): Instant | null {
    return this.#completeSince;
  }

  /** Records that jobs submitted up to this time may be missing, for example after eviction. */
  incompleteUpTo(moment: Instant): void {
    this.#completeSince = Math.max(this.#completeSince ?? 0, moment);
  }

  get size(): { readonly jobs: number; readonly openTasks: number } {
    return { jobs: this.#jobs.size, openTasks: this.#openTasks };
  }

  /** Drops jobs after their retention, and returns them. */
  forgetExpired(now: Instant): readonly IndexedJob[] {
    const expired = [...this.#jobs.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const job of expired) this.#remove(job);
    return expired;
  }

  clear(): void {
    this.#jobs.clear();
    this.#open.clear();
    this.#finished.clear();
    this.#order.clear();
    this.#counts.clear();
    this.#queuedModels.clear();
    this.queues.clear();
    this.queueOrder.clear();
    this.tenants.clear();
    this.#completeSince = null;
    this.#openTasks = 0;
  }

  #add({ of }: TaskState): JobEntry {
    const { job, tenant, submittedAt, expiresAt, total } = of;
    const tasks = Array.from<IndexedTask | undefined>({ length: total });
    const counts = { seen: 0, openTasks: 0, complete: false, deleted: false };
    const entry = { job, tenant, submittedAt, expiresAt, tasks, ...counts };
    this.#jobs.set(job, entry);
    this.#order.insert(entry);
    return entry;
  }

  #replace(job: JobEntry, at: TaskIndex, before: IndexedTask | undefined, after: IndexedTask): void {
    job.tasks[at] = after;
    if (before === undefined) job.seen += 1;
    job.complete = job.seen === job.tasks.length;
    this.#count(before, -1, job);
    this.#count(after, 1, job);
    if (job.openTasks > 0) {
      this.#open.add(job);
      this.#finished.delete(job);
    } else {
      this.#open.delete(job);
      this.#finished.add(job);
    }
  }

  #count(task: IndexedTask | undefined, by: 1 | -1, job: JobEntry): void {
    if (task === undefined || task.state.state === 'deleted') return;
    this.#countsOf(servingPool(task.state))[task.state.state] += by;
    this.queues.count(task.state, by);
    if (!isOpen(task.state)) return;
    this.#queuedModels.count(task.state, by);
    this.queueOrder.count(task, by);
    this.tenants.count(task.state, by);
    job.openTasks += by;
    this.#openTasks += by;
  }

  #countsOf(pool: string): Record<TaskStateName, number> {
    const known = this.#counts.get(pool);
    if (known !== undefined) return known;
    const fresh = Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<TaskStateName, number>;
    this.#counts.set(pool, fresh);
    return fresh;
  }

  #evict(): void {
    while (this.#finished.size > this.#maxFinished) {
      const [oldest] = this.#finished;
      this.incompleteUpTo(oldest!.submittedAt);
      this.#remove(oldest!);
    }
  }

  #remove(job: JobEntry): void {
    for (const task of job.tasks) this.#count(task, -1, job);
    this.#jobs.delete(job.job);
    this.#open.delete(job);
    this.#finished.delete(job);
    this.#order.remove(job);
  }
}
