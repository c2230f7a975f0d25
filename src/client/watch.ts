// The tasks of a job as they finish, each once, with its artifacts: from the events of the job, through lost connections and restarts
// of the API. The results are read from the job, because events do not have them.

import { isFinished, terminalStates } from './states.ts';
import type { EventOptions } from './http/eventStream.ts';
import type { CallOptions } from './http/request.ts';
import { sleep, withJitter } from './http/retry.ts';
import type { JobEvent, TaskChange } from './types/event.ts';
import type { Artifact, CancelledTask, FailedTask, Job, ListedJob, State, SucceededTask } from './types/job.ts';

export interface WatchOptions extends CallOptions {
  /** Watch on while results wait for a reviewer, until the job has finished. */
  readonly throughReview?: boolean;
}

export type FinishedTask = SucceededTask | FailedTask | CancelledTask;

export interface TaskResult {
  task: FinishedTask;
  /** Those of the task; empty if it has none. */
  artifacts: Artifact[];
  /** The job when the task was read: its `progress` counts the tasks that have finished. */
  job: Omit<Job, 'tasks'>;
}

/** The calls of the client that this needs. */
export interface WatchSource {
  get(job: string, options: CallOptions & { taskState?: State[]; tasks?: boolean }): Promise<Job>;
  events(job: string, options: EventOptions): AsyncIterable<JobEvent<Job>>;
}

/** Returns the job once it has finished, or waits for nothing but a reviewer. */
export async function* watchTasks(
  source: WatchSource,
  id: string,
  { throughReview = false, ...options }: WatchOptions,
): AsyncGenerator<TaskResult, Job, undefined> {
  const results = new Results((taskState) => source.get(id, { ...options, taskState }), options.signal);
  const hasEnded = (job: ListedJob): boolean => isFinished(job) || (!throughReview && job.awaitsReview);
  let lastEventId: string | undefined;
  for (;;) {
    for await (const event of source.events(id, { ...options, lastEventId })) {
      lastEventId = 'id' in event ? event.id : lastEventId;
      if (event.event === 'snapshot') yield* results.ofJob(event.data);
      if (event.event === 'task') yield* results.ofChange(event.data);
      if ((event.event === 'job' || event.event === 'snapshot') && hasEnded(event.data)) break;
    }
    const job = await source.get(id, options);
    yield* results.ofJob(job);
    // Otherwise someone has retried the job meanwhile.
    if (hasEnded(job)) return job;
  }
}

/** Another API process than the one that sent an event may know it a moment later. */
const reads = { most: 10, apartMs: 250 };

/** The results that were passed on, and those that events have announced. */
class Results {
  readonly #read: (states: State[]) => Promise<Job>;
  readonly #signal: AbortSignal | undefined;
  readonly #passedOn = new Set<string>();
  /** The job as it was read last, with finished tasks. One reading serves all events until then. */
  #job: Job | undefined;

  constructor(read: (states: State[]) => Promise<Job>, signal: AbortSignal | undefined) {
    this.#read = read;
    this.#signal = signal;
  }

  /** All results of the job that were not passed on, in the order of their times. */
  *ofJob(job: Job): Generator<TaskResult, void, undefined> {
    const finished = (job.tasks ?? []).filter(isFinished) as FinishedTask[];
    const inOrder = finished.toSorted((a, b) => compare(timeOf(a), timeOf(b)) || a.index - b.index);
    for (const task of inOrder) yield* this.#pass(task, job);
  }

  /** The result of a task that has just finished; nothing for other changes. */
  async *ofChange(change: TaskChange): AsyncGenerator<TaskResult, void, undefined> {
    if (change.state === 'deleted' || !isFinished(change) || this.#passedOn.has(keyOf(change.task, change.run))) return;
    for (let times = 0; times < reads.most; times += 1) {
      const task = this.#job?.tasks?.find(({ index }) => index === change.task);
      // A later run: the task was retried, and this result is gone.
      if (task !== undefined && task.run > change.run) return;
      if (task?.run === change.run && isFinished(task)) return yield* this.#pass(task as FinishedTask, this.#job!);
      if (times > 1) await sleep(withJitter(reads.apartMs), this.#signal);
      this.#job = await this.#read([...new Set([...terminalStates, change.state])]);
    }
  }

  *#pass(task: FinishedTask, { tasks: _tasks, ...job }: Job): Generator<TaskResult, void, undefined> {
    const key = keyOf(task.index, task.run);
    if (this.#passedOn.has(key)) return;
    this.#passedOn.add(key);
    yield { task, artifacts: task.artifacts, job };
  }
}

const keyOf = (task: number, run: number): string => `${task}/${run}`;

/** Cancelled tasks have no time; they end with the job. */
const timeOf = ({ completedAt, failedAt }: FinishedTask): string => completedAt ?? failedAt ?? '9';

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
