// The event feed of one client: a snapshot, then every transition of its tasks in stream order, with progress in between.
// The only state it keeps for the client is a position in the stream.

import { countStates, jobState } from '../../job/jobState.ts';
import type { JobId } from '../../job/ids.ts';
import { openStates, type Sequence } from '../../job/task.ts';
import { elapsed, type Monotonic } from '../../job/time.ts';
import type { JobRecord, LogEntry, Position } from '../../ports/jobLog.ts';
import type { PartialText } from '../../ports/partialTexts.ts';
import type { ProgressReport } from '../../readmodel/workerDirectory.ts';
import type { JobsContext } from '../context.ts';
import { listJobs, taskVersions, type TaskVersion } from '../list.ts';
import { readJob } from '../read.ts';
import { canSee } from '../tenancy.ts';
import { versionOf } from '../wait.ts';
import { collectProgress, type ProgressUpdates } from './progress.ts';
import { JobsAfter } from './jobsAfter.ts';
import { missedEntries, replaySource } from './replay.ts';
import { collectTexts, noTexts, type TextUpdates } from './texts.ts';
import { watchWaiting, type WaitingContext, type WaitingReport, type WaitingUpdates } from './waiting.ts';
import { WakeUp } from './wakeUp.ts';

/** `at` is the position from which a feed resumes after this event. */
export type FeedEvent =
  /** The client's position is unusable: a snapshot follows. */
  | { readonly event: 'reset' }
  /** The tenant's newest open jobs; not `complete` if there are more. */
  | { readonly event: 'jobs'; readonly jobs: readonly (readonly TaskVersion[])[]; complete: boolean; at: Position }
  /** `at` is null if the job has finished: the `job` event that follows is the end, and must not be missed. */
  | { readonly event: 'snapshot'; readonly record: JobRecord; readonly at: Position | null }
  /** `endFollows`: the next event is the last one of the feed. */
  | { readonly event: 'task'; readonly entry: LogEntry; readonly at: Position; readonly endFollows: boolean }
  | { readonly event: 'job'; readonly tasks: readonly TaskVersion[]; readonly at: Position }
  | { readonly event: 'progress'; readonly progress: ProgressReport }
  /** In a feed of one job: a piece of the text that a running task has so far. */
  | { readonly event: 'text'; readonly text: PartialText }
  /** In a feed of one job: what a task waits for has changed, although its log has not. */
  | ({ readonly event: 'waiting' } & WaitingReport)
  /** The feed had nothing to tell for `keepAliveMs`. */
  | { readonly event: 'silence' };

export type FeedContext = Pick<JobsContext, 'log' | 'follower' | 'clock' | 'workers' | 'recent' | 'texts'> &
  WaitingContext;

export interface FeedRequest {
  readonly tenant: string;
  /** Undefined: all jobs of the tenant. */
  readonly job: JobId | undefined;
  /** The position of the last event that the client has; undefined for a new client, 'unknown' if it cannot be parsed. */
  readonly resumeAt: Position | 'unknown' | undefined;
  readonly keepAliveMs: number;
  /** A client that missed more messages than this gets a snapshot instead. */
  readonly maxMissed: number;
}

const maxJobsInSnapshot = 500;
/** Entries whose jobs are looked up together; all their tasks are in memory until they are sent. */
const batchSize = 64;

/** Ends when the signal aborts, when the job has finished, and when the client is too slow; a slow client may resume. */
export async function* feed(
  context: FeedContext,
  request: FeedRequest,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent> {
  const wakeUp = new WakeUp();
  const progress = collectProgress(context, request, () => wakeUp.wake());
  const waiting = watchWaiting(context, request.job, () => wakeUp.wake());
  const texts = textsOf(context, request.job, () => wakeUp.wake());
  const stop = context.recent.onChange(() => wakeUp.wake());
  try {
    yield* new Feed(context, request, signal, wakeUp, { progress, waiting, texts }).events();
  } finally {
    progress.stop();
    waiting.stop();
    texts.stop();
    stop();
  }
}

/** A feed of all jobs has no texts. */
function textsOf({ texts, clock }: FeedContext, job: JobId | undefined, wake: () => void): TextUpdates {
  if (texts === undefined || job === undefined) return noTexts;
  return collectTexts({ texts, job, wake, now: () => clock.monotonic() });
}

/** What changes between messages of the stream. */
interface Updates {
  readonly progress: ProgressUpdates;
  readonly waiting: WaitingUpdates;
  readonly texts: TextUpdates;
}

class Feed {
  readonly #context: FeedContext;
  readonly #request: FeedRequest;
  readonly #signal: AbortSignal;
  readonly #wakeUp: WakeUp;
  readonly #updates: Updates;
  /** Every message up to here was sent. */
  #sent: Position = { epoch: '', sequence: 0 };
  /** For this message only the job event is sent: the client has its task event, but perhaps not its job event. */
  #jobOnly: Sequence = 0;
  /** For a feed of one job: the sequence of each task's message in the snapshot. */
  #shown: readonly Sequence[] = [];
  #ended = false;
  #silentSince: Monotonic;
  readonly #jobs: JobsAfter;

  constructor(context: FeedContext, request: FeedRequest, signal: AbortSignal, wakeUp: WakeUp, updates: Updates) {
    this.#context = context;
    this.#request = request;
    this.#signal = signal;
    this.#wakeUp = wakeUp;
    this.#updates = updates;
    this.#silentSince = context.clock.monotonic();
    this.#jobs = new JobsAfter(context);
  }

  async *events(): AsyncGenerator<FeedEvent> {
    for await (const event of this.#all()) {
      yield event;
      this.#silentSince = this.#context.clock.monotonic();
    }
  }

  async *#all(): AsyncGenerator<FeedEvent> {
    const { resumeAt } = this.#request;
    await this.#caughtUp();
    if (this.#signal.aborted) return;
    this.#noteKnown();
    if (resumeAt === undefined) yield* this.#snapshot();
    else if (resumeAt === 'unknown') yield* this.#reset();
    else yield* this.#resume(resumeAt);
    while (!this.#ended && !this.#signal.aborted) yield* this.#live();
  }

  /** A client that resumes gets no snapshot. */
  #noteKnown(): void {
    const { job } = this.#request;
    const tasks = job === undefined ? [] : (this.#context.follower.index.job(job)?.tasks ?? []);
    this.#updates.texts.note(tasks.flatMap((task) => task?.state ?? []));
  }

  /** A stream that was just replaced has no position yet. */
  async #caughtUp(): Promise<void> {
    while (this.#context.recent.epoch === '' && !this.#signal.aborted) await this.#wakeUp.wait(1_000, this.#signal);
  }

  async *#resume(from: Position): AsyncGenerator<FeedEvent> {
    const source = await replaySource(this.#context, from, this.#request.maxMissed);
    if (source === 'reset') {
      yield* this.#reset();
      return;
    }
    this.#jobOnly = from.sequence;
    this.#sent = { ...from, sequence: Math.max(0, from.sequence - 1) };
    if (source === 'stream') {
      for await (const entries of missedEntries(this.#context, this.#sent, this.#signal)) {
        yield* this.#entries(entries);
        if (this.#ended) return;
      }
      this.#advance(this.#context.recent.since);
    }
    yield* this.#endIfFinishedBefore(from);
  }

  /** A job that ended before the client's last event will have no further event. */
  async *#endIfFinishedBefore(from: Position): AsyncGenerator<FeedEvent> {
    const { tenant, job } = this.#request;
    if (job === undefined || this.#ended) return;
    const record = await readJob(this.#context, tenant, job);
    const { open, sequence } = versionOf(record);
    if (open || sequence > from.sequence) return;
    this.#ended = true;
    yield { event: 'job', tasks: taskVersions(record), at: from };
  }

  async *#reset(): AsyncGenerator<FeedEvent> {
    this.#updates.texts.forget();
    yield { event: 'reset' };
    yield* this.#snapshot();
  }

  async *#snapshot(): AsyncGenerator<FeedEvent> {
    const { tenant, job } = this.#request;
    const { epoch, last: sequence } = this.#context.recent;
    // The position is taken before the read: a message in between is sent twice at worst, and never lost.
    this.#sent = { epoch, sequence };
    this.#jobOnly = 0;
    const at = this.#sent;
    if (job === undefined) {
      const { jobs, next } = await openJobs(this.#context, tenant);
      yield { event: 'jobs', jobs, complete: next === null, at };
      return;
    }
    const record = await readJob(this.#context, tenant, job);
    this.#shown = record.tasks.map(({ last }) => last.sequence);
    await this.#updates.waiting.note(taskVersions(record));
    this.#updates.texts.note(taskVersions(record).map(({ state }) => state));
    const { open, sequence: newest } = versionOf(record);
    yield { event: 'snapshot', record, at: open ? at : null };
    if (open) return;
    this.#ended = true;
    yield { event: 'job', tasks: taskVersions(record), at: { epoch, sequence: Math.max(sequence, newest) } };
  }

  /** One round: sends new messages, or waits for more. */
  async *#live(): AsyncGenerator<FeedEvent> {
    const { recent } = this.#context;
    if (recent.epoch !== this.#sent.epoch) {
      // While the stream is being replaced, the epoch is empty; the snapshot waits until the new stream has been read.
      if (recent.epoch !== '') {
        yield* this.#reset();
        return;
      }
    } else {
      const entries = recent.after(this.#sent.sequence);
      if (entries === undefined) {
        this.#ended = true;
        return;
      }
      // First, so that the end of a text is not lost behind the end of its job.
      for (const text of this.#updates.texts.take()) yield { event: 'text', text };
      yield* this.#entries(entries);
      if (entries.length === 0) this.#jobs.forget();
      for (const progress of this.#updates.progress.take()) yield { event: 'progress', progress };
      for (const waiting of await this.#updates.waiting.take()) yield { event: 'waiting', ...waiting };
      if (this.#ended || entries.length > 0) return;
    }
    // What wakes it may concern others only: the silence lasts until this feed has something to tell.
    const left = this.#request.keepAliveMs - elapsed(this.#silentSince, this.#context.clock.monotonic());
    const woken = left > 0 && (await this.#wakeUp.wait(left, this.#signal));
    if (!woken && !this.#signal.aborted) yield { event: 'silence' };
  }

  async *#entries(entries: readonly LogEntry[]): AsyncGenerator<FeedEvent> {
    for (let from = 0; from < entries.length; from += batchSize) {
      const batch = entries.slice(from, from + batchSize).filter(({ sequence }) => sequence > this.#sent.sequence);
      const jobs = await this.#jobs.after(batch.filter((entry) => this.#isVisible(entry)));
      for (const entry of batch) {
        if (this.#ended) return;
        if (this.#isVisible(entry)) yield* this.#transition(entry, jobs.get(entry.sequence));
        this.#advance(entry.sequence);
      }
    }
  }

  #isVisible({ sequence, state }: LogEntry): boolean {
    const { job, tenant, task } = state.of;
    const request = this.#request;
    const isRequested = canSee(request.tenant, tenant) && (request.job === undefined || request.job === job);
    return isRequested && sequence > (this.#shown[task] ?? 0);
  }

  async *#transition(entry: LogEntry, tasks: readonly TaskVersion[] | undefined): AsyncGenerator<FeedEvent> {
    const at = { epoch: this.#sent.epoch, sequence: entry.sequence };
    await this.#updates.waiting.note([entry]);
    this.#updates.texts.note([entry.state]);
    const endFollows = this.#request.job !== undefined && tasks !== undefined && isFinished(tasks);
    if (entry.sequence !== this.#jobOnly) yield { event: 'task', entry, at, endFollows };
    if (tasks !== undefined) yield { event: 'job', tasks, at };
    if (endFollows || (this.#request.job !== undefined && entry.state.state === 'deleted')) this.#ended = true;
  }

  #advance(sequence: Sequence): void {
    if (sequence > this.#sent.sequence) this.#sent = { ...this.#sent, sequence };
  }
}

function isFinished(tasks: readonly TaskVersion[]): boolean {
  const state = jobState(countStates(tasks.map((task) => task.state)));
  return !(openStates as readonly string[]).includes(state);
}

const openJobs = (context: FeedContext, tenant: string) =>
  listJobs(context, {
    tenant,
    states: new Set(openStates),
    pool: undefined,
    kind: undefined,
    labels: [],
    limit: maxJobsInSnapshot,
    before: undefined,
  });
