// The text of one client's event stream: a snapshot, then every transition of its tasks in the stream's order, progress in
// between, and comments in silence. It holds nothing for its client but a position.

import type { JobId } from '../../job/ids.ts';
import { openStates, type Sequence } from '../../job/task.ts';
import type { LogEntry, Position } from '../../ports/jobLog.ts';
import { sees } from '../../jobs/tenancy.ts';
import { glanceAt } from '../../jobs/awaitJob.ts';
import { listJobs } from '../../jobs/listJobs.ts';
import { readJob } from '../../jobs/readJob.ts';
import type { ApiContext } from '../options.ts';
import { jobAsOf, taskEventView } from '../view/eventView.ts';
import { glancesOf, jobView, listedJobView } from '../view/jobView.ts';
import { progressOf, type ProgressNotes } from '../../jobs/events/progressNotes.ts';
import { missed, reachOf } from '../../jobs/events/replay.ts';
import { commentText, eventId, eventText, positionOf } from './serverSentEvent.ts';
import { WakeUp } from '../../jobs/events/wakeUp.ts';

export interface EventRequest {
  readonly tenant: string;
  /** Undefined for all jobs of the tenant. */
  readonly job: JobId | undefined;
  readonly lastEventId: string | undefined;
}

const mostInSnapshot = 500;

/** Ends when the signal aborts, when the job has finished, and when the client is too slow: it may come back. */
export async function* eventStream(
  context: ApiContext,
  request: EventRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const wakeUp = new WakeUp();
  const progress = progressOf(context, request, () => wakeUp.wake());
  const stop = context.recent.onChange(() => wakeUp.wake());
  context.metrics.eventStreams.inc();
  try {
    yield* new EventStream(context, request, signal, wakeUp, progress).text();
  } finally {
    context.metrics.eventStreams.dec();
    progress.stop();
    stop();
  }
}

class EventStream {
  readonly #context: ApiContext;
  readonly #request: EventRequest;
  readonly #signal: AbortSignal;
  readonly #wakeUp: WakeUp;
  readonly #progress: ProgressNotes;
  /** All messages up to here have been told. */
  #told: Position = { epoch: '', sequence: 0 };
  /** Of this message only the job is told again: its client may have got the task's event alone. */
  #jobOnly: Sequence = 0;
  /** What the snapshot showed of each task of the one job. */
  #shown: readonly Sequence[] = [];
  #ended = false;

  constructor(
    context: ApiContext,
    request: EventRequest,
    signal: AbortSignal,
    wakeUp: WakeUp,
    progress: ProgressNotes,
  ) {
    this.#context = context;
    this.#request = request;
    this.#signal = signal;
    this.#wakeUp = wakeUp;
    this.#progress = progress;
  }

  async *text(): AsyncGenerator<string> {
    const { lastEventId } = this.#request;
    await this.#caughtUp();
    if (this.#signal.aborted) return;
    if (lastEventId === undefined) yield* this.#snapshot();
    else yield* this.#resume(positionOf(lastEventId));
    while (!this.#ended && !this.#signal.aborted) yield* this.#live();
  }

  /** A stream that has just been replaced has no position yet. */
  async #caughtUp(): Promise<void> {
    while (this.#context.recent.epoch === '' && !this.#signal.aborted) await this.#wakeUp.wait(1_000, this.#signal);
  }

  async *#resume(from: Position | undefined): AsyncGenerator<string> {
    const reach = from === undefined ? 'reset' : await reachOf(this.#context, from);
    if (from === undefined || reach === 'reset') {
      yield* this.#startAnew();
      return;
    }
    this.#jobOnly = from.sequence;
    this.#told = { ...from, sequence: Math.max(0, from.sequence - 1) };
    if (reach === 'stream') {
      for await (const entry of missed(this.#context, this.#told, this.#signal)) yield* this.#tell(entry);
      this.#reached(this.#context.recent.since);
    }
    yield* this.#endIfFinishedBefore(from);
  }

  /** A job that ended before the client's last event has no event to come. */
  async *#endIfFinishedBefore(from: Position): AsyncGenerator<string> {
    const { tenant, job } = this.#request;
    if (job === undefined || this.#ended) return;
    const record = await readJob(this.#context, tenant, job);
    const { open, sequence } = glanceAt(record);
    if (open || sequence > from.sequence) return;
    this.#ended = true;
    yield eventText('job', listedJobView(glancesOf(record), this.#context.workers), eventId(from));
  }

  async *#startAnew(): AsyncGenerator<string> {
    yield eventText('reset', { reason: 'The last event is too old, or of another stream: a snapshot follows' });
    yield* this.#snapshot();
  }

  async *#snapshot(): AsyncGenerator<string> {
    const context = this.#context;
    const request = this.#request;
    const { epoch, last: sequence } = context.recent;
    // Read after the position was noted: what lies between is told once more at worst, and never left out.
    this.#told = { epoch, sequence };
    this.#jobOnly = 0;
    const id = eventId(this.#told);
    if (request.job === undefined) {
      yield eventText('snapshot', await openJobs(context, request.tenant), id);
      return;
    }
    const record = await readJob(context, request.tenant, request.job);
    this.#shown = record.tasks.map(({ last }) => last.sequence);
    yield eventText('snapshot', jobView(record, context.workers), id);
    if (glanceAt(record).open) return;
    this.#ended = true;
    yield eventText('job', listedJobView(glancesOf(record), context.workers), id);
  }

  /** One round: what came, or a comment after silence. */
  async *#live(): AsyncGenerator<string> {
    const { recent, events } = this.#context;
    if (recent.epoch !== this.#told.epoch) {
      // Between two streams there is none: its snapshot waits until the new one has been read.
      if (recent.epoch !== '') {
        yield* this.#startAnew();
        return;
      }
    } else {
      const entries = recent.after(this.#told.sequence);
      if (entries === undefined) {
        this.#ended = true;
        return;
      }
      for (const entry of entries) yield* this.#tell(entry);
      for (const note of this.#progress.take()) yield eventText('progress', note);
      if (this.#ended || entries.length > 0) return;
    }
    const woken = await this.#wakeUp.wait(events?.keepAliveMs ?? 15_000, this.#signal);
    if (!woken && !this.#signal.aborted) yield commentText;
  }

  async *#tell(entry: LogEntry): AsyncGenerator<string> {
    const { job, tenant, task } = entry.state.of;
    const request = this.#request;
    if (this.#ended || entry.sequence <= this.#told.sequence) return;
    const mine = sees(request.tenant, tenant) && (request.job === undefined || request.job === job);
    if (mine && entry.sequence > (this.#shown[task] ?? 0)) yield* this.#eventsOf(entry);
    this.#reached(entry.sequence);
  }

  async *#eventsOf(entry: LogEntry): AsyncGenerator<string> {
    const id = eventId({ epoch: this.#told.epoch, sequence: entry.sequence });
    if (entry.sequence !== this.#jobOnly) yield eventText('task', taskEventView(entry), id);
    const job = await jobAsOf(this.#context, entry);
    if (job !== undefined) yield eventText('job', job, id);
    if (this.#request.job === undefined) return;
    const over = job !== undefined && !(openStates as readonly string[]).includes(job.state);
    if (over || entry.state.state === 'deleted') this.#ended = true;
  }

  #reached(sequence: Sequence): void {
    if (sequence > this.#told.sequence) this.#told = { ...this.#told, sequence };
  }
}

/** The newest open jobs of the tenant, as lists show them. */
async function openJobs(context: ApiContext, tenant: string) {
  const { jobs, next } = await listJobs(context, {
    tenant,
    states: new Set(openStates),
    pool: undefined,
    kind: undefined,
    labels: [],
    limit: mostInSnapshot,
    before: undefined,
  });
  return { items: jobs.map((tasks) => listedJobView(tasks, context.workers)), next: null, complete: next === null };
}
