// One job while its page shows it: its details, a signal for each of its tasks, its history and its explanation, kept current by the
// event stream of the tab.

import { batch, computed, signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import {
  GenwardenApiError,
  isFinished,
  type ExplainedJob,
  type Job,
  type Task,
  type TaskProgress,
  type Transition,
} from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { onEvents, watchJob, type StreamEvent } from '../../../live/events.ts';
import { currentTime } from '../../../live/now.ts';
import { historyAfter, taskAfter, textAfter } from './changes.ts';
import { Refresher } from './refresher.ts';

export class JobFollower {
  readonly id: string;
  /** Without its tasks; undefined until it has been read. */
  readonly job = signal<Job | undefined>(undefined);
  /** By index. A change of one task renders only what shows it. */
  readonly tasks = signal<readonly Signal<Task>[]>([]);
  readonly history = signal<readonly Transition[]>([]);
  readonly explained = signal<ExplainedJob | undefined>(undefined);
  /** Why the last read failed; undefined after a success. */
  readonly problem = signal<unknown>(undefined);
  /** The job does not exist, was deleted or has expired. */
  readonly gone = signal<unknown>(undefined);
  /** The states of all tasks, as one string: changes only with them. */
  readonly states = computed(() => this.tasks.value.map(({ value }) => value.state).join());

  readonly #texts = new Map<number, Signal<string>>();
  #details: Refresher | undefined;
  #histories: Refresher | undefined;
  #explanations: Refresher | undefined;
  /** Ends the watch of the tab's stream; undefined while the stream is of all jobs. */
  #unwatch: (() => void) | undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** Returns a function that stops. */
  start(): () => void {
    this.#details = new Refresher((stop) => this.#readDetails(stop));
    this.#histories = new Refresher((stop) => this.#readHistory(stop), 500);
    this.#explanations = new Refresher((stop) => this.#readExplanation(stop), 1_000);
    this.refresh();
    const stopListening = onEvents((events) => batch(() => events.forEach((event) => this.#take(event))));
    const timer = setInterval(() => this.#look(), 2_000);
    return () => {
      stopListening();
      clearInterval(timer);
      for (const refresher of [this.#details, this.#histories, this.#explanations]) refresher?.stop();
      this.#unwatch?.();
    };
  }

  /** After an action of the user, and when events were missed. */
  refresh(): void {
    this.#details?.request();
    this.#histories?.request();
    this.#explanations?.request();
  }

  /** What a running task has written so far. */
  text(task: number): Signal<string> {
    const text = this.#texts.get(task) ?? signal('');
    this.#texts.set(task, text);
    return text;
  }

  async #readDetails(stop: AbortSignal): Promise<void> {
    try {
      this.#replace(await api.get(this.id, { signal: stop }));
      this.problem.value = undefined;
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof GenwardenApiError && error.status === 404) this.#end(error);
      else {
        this.problem.value = error;
        throw error;
      }
    }
  }

  async #readHistory(stop: AbortSignal): Promise<void> {
    if (this.gone.value === undefined) this.history.value = await api.history(this.id, { signal: stop });
  }

  async #readExplanation(stop: AbortSignal): Promise<void> {
    const state = this.job.value?.state;
    const needsNone = state === 'succeeded' || state === 'cancelled' || this.gone.value !== undefined;
    this.explained.value = needsNone ? undefined : await api.explain(this.id, { signal: stop });
  }

  #end(error: unknown): void {
    this.gone.value = error;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #replace({ tasks = [], ...job }: Job): void {
    batch(() => {
      this.job.value = job;
      const known = this.tasks.value;
      if (known.length === tasks.length) tasks.forEach((task) => this.#patch(task.index, () => task));
      else this.tasks.value = tasks.map((task) => signal(task));
    });
    if (job.finishedAt === null) this.#watch();
  }

  #patch(index: number, change: (task: Task) => Task): void {
    const task = this.tasks.value[index];
    if (task === undefined) return;
    const next = change(task.value);
    if (JSON.stringify(next) === JSON.stringify(task.value)) return;
    task.value = next;
    if (next.state !== 'running') this.#texts.delete(index);
  }

  #watch(): void {
    this.#unwatch ??= watchJob(this.id);
  }

  #take(event: StreamEvent): void {
    switch (event.event) {
      case 'snapshot':
        if (event.job === undefined) this.#takeOpenJobs(event.data.items);
        else this.#replace(event.data);
        return this.refresh();
      case 'reset':
        return this.refresh();
      case 'task':
        if (event.data.job === this.id) this.#takeChange(event.data);
        return undefined;
      case 'job':
        if (event.data.id === this.id) this.#takeJob(event.data);
        return undefined;
      case 'progress':
        if (event.data.job === this.id) this.#takeProgress(event.data);
        return undefined;
      case 'waiting':
        if (event.data.job !== this.id) return undefined;
        this.#explanations?.request();
        return this.#patch(event.data.task, (task) => ({ ...task, waitingFor: event.data.waitingFor }));
      default:
        return undefined;
    }
  }

  /** The stream of all jobs has begun: the job may have been retried before. */
  #takeOpenJobs(items: readonly { id: string }[]): void {
    if (items.some(({ id }) => id === this.id)) this.#watch();
  }

  #takeChange(change: Extract<StreamEvent, { event: 'task' }>['data']): void {
    this.history.value = historyAfter(this.history.value, change);
    this.#patch(change.task, (task) => taskAfter(task, change));
    this.refresh();
  }

  #takeJob(job: Extract<StreamEvent, { event: 'job' }>['data']): void {
    if (this.job.value !== undefined) this.job.value = { ...this.job.value, ...job };
    // The stream of a job ends with it.
    if (isFinished(job)) this.#unwatch = undefined;
    else this.#watch();
    this.#details?.request();
  }

  #takeProgress({ task: index, progress, partial }: TaskProgress): void {
    if (partial !== undefined) this.text(index).value = textAfter(this.text(index).value, partial);
    this.#patch(index, (task) => (task.state === 'running' ? { ...task, progress } : task));
  }

  /** Every 2 s: events do not tell the phase of running tasks, the passing of time, or the end of a job's retention. */
  #look(): void {
    const job = this.job.value;
    if (job === undefined || this.gone.value !== undefined || document.visibilityState !== 'visible') return;
    if (currentTime() > Date.parse(job.expiresAt)) this.#details?.request();
    if (job.finishedAt !== null) return;
    this.#explanations?.request();
    if (job.progress.running > 0) void this.#readRunning();
  }

  async #readRunning(): Promise<void> {
    try {
      const { tasks = [] } = await api.get(this.id, { taskState: ['running'] });
      batch(() => {
        for (const { index, phase, progress } of tasks) {
          this.#patch(index, (task) => (task.state === 'running' ? { ...task, phase, progress } : task));
        }
      });
    } catch {
      // The next one comes in 2 s.
    }
  }
}

export function useJob(id: string): JobFollower {
  const follower = useMemo(() => new JobFollower(id), [id]);
  useEffect(() => follower.start(), [follower]);
  return follower;
}
