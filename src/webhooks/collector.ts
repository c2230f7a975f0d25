// Turns the log of tasks into deliveries: each event that a job wants becomes a stored delivery, once. It reads the log in order,
// from a position that is stored after the deliveries are: what was not stored is read again.

import { sleep } from '../async/sleep.ts';
import { retryDelayOf } from './retryDelay.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import type { JsonObject } from '../job/jsonValue.ts';
import type { Sequence } from '../job/time.ts';
import { dead, newDelivery, type WebhookDelivery } from '../job/webhooks/delivery.ts';
import { traceFields, traceOf } from '../job/trace.ts';
import type { WebhookEvent } from '../job/webhooks/eventTypes.ts';
import { finishedEventId, mayFinishJob, taskEventId, taskEventOf } from '../job/webhooks/events.ts';
import { logEvent, type EventLogger } from '../job/logEvents/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog, LogEntry, Position } from '../ports/jobLog.ts';
import type { StoredDelivery, WebhookDeliveries } from '../ports/webhookDeliveries.ts';
import { finishAt } from './finish.ts';
import { finishedData, taskData } from './payload.ts';

export interface CollectorOptions {
  readonly log: Pick<JobLog, 'follow' | 'read' | 'history' | 'last' | 'request'>;
  readonly deliveries: Pick<WebhookDeliveries, 'write' | 'position' | 'savePosition'>;
  readonly clock: Clock;
  readonly logger: EventLogger;
  /** How many pending deliveries the tenant has. */
  readonly pendingOf: (tenant: string) => number;
  /** Called with each delivery that this collector has stored. */
  readonly onStored: (stored: StoredDelivery) => void;
}

/** A tenant with more pending deliveries than this gets no more of them: they are dead at once, and can be sent again. */
const mostPending = 100_000;

/** Jobs whose events are stored at the same time; those of one job are stored in order. */
const mostAtOnce = 64;
const saveEvery = 1_000;
/** Jobs with a known open task; forgetting them costs another look. */
const mostKnown = 100_000;

export class Collector {
  readonly #options: CollectorOptions;
  /** By job, the work on its latest entry. */
  readonly #chains = new Map<JobId, Promise<void>>();
  /** In the order of the log. */
  readonly #inProgress = new Set<Sequence>();
  /** By job, a task that was open when its last look was taken: before its end the job cannot have finished. */
  readonly #open = new Map<JobId, TaskIndex>();
  #seen: Position = { epoch: '', sequence: 0 };
  #saved: Position = { epoch: '', sequence: 0 };

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /**
   * Collects until the signal aborts. `epoch`: of the stream, to start at its beginning if no position is stored. Throws if the
   * log has a message that only a newer version can read: a process of that version must collect.
   */
  async run(epoch: string, signal: AbortSignal): Promise<void> {
    const { log, deliveries } = this.#options;
    this.#seen = this.#saved = (await deliveries.position()) ?? { epoch, sequence: 0 };
    const saving = setInterval(() => void this.#save().catch(() => undefined), saveEvery);
    try {
      for await (const event of log.follow({ from: 'position', position: this.#seen }, signal)) {
        if (event.event === 'newer') throw new GenwardenError('NotReady', 'The log has messages of a newer version');
        if (event.event === 'reset') this.#seen = { epoch: event.epoch, sequence: 0 };
        if (event.event === 'caughtUp') this.#seen = event.position;
        if (event.event === 'entry') await this.#collect(event.entry, signal);
      }
    } finally {
      clearInterval(saving);
      await Promise.all(this.#chains.values());
      await this.#save().catch(() => undefined);
    }
  }

  async #collect(entry: LogEntry, signal: AbortSignal): Promise<void> {
    const { sequence, state } = entry;
    const isWanted = taskEventOf(state) !== undefined || mayFinishJob(state);
    if (isWanted && state.of.expiresAt > this.#options.clock.now()) {
      this.#inProgress.add(sequence);
      const { job } = state.of;
      const before = this.#chains.get(job) ?? Promise.resolve();
      const work = before.then(() => this.#untilStored(entry, signal));
      this.#chains.set(job, work);
      void work.then(() => this.#chains.get(job) === work && this.#chains.delete(job));
    }
    this.#seen = { epoch: this.#seen.epoch, sequence };
    while (this.#chains.size >= mostAtOnce) await Promise.race(this.#chains.values());
  }

  /** Never rejects. An entry that was not stored stays in progress, so that no position after it is saved. */
  async #untilStored(entry: LogEntry, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#store(entry, signal);
        if (!signal.aborted) this.#inProgress.delete(entry.sequence);
        return;
      } catch (error) {
        const { job, task } = entry.state.of;
        const fields = { err: error, job, task, sequence: entry.sequence };
        if (!mayPass(error)) {
          logEvent(
            this.#options.logger,
            'webhook_events_skipped',
            fields,
            'The webhook events of a transition cannot be determined; they are left out',
          );
          this.#inProgress.delete(entry.sequence);
          return;
        }
        failures += 1;
        const message = 'Cannot store a webhook delivery yet; trying again';
        if (failures === 1) logEvent(this.#options.logger, 'webhook_not_stored', fields, message);
        await sleep(retryDelayOf(failures), signal);
      }
    }
  }

  async #store(entry: LogEntry, signal: AbortSignal): Promise<void> {
    const { state } = entry;
    const event = taskEventOf(state);
    if (event !== undefined) {
      const { job, task } = state.of;
      const request = await this.#options.log.request(state.of);
      const metadata = request && { job: request.jobMetadata, task: request.metadata };
      const id = taskEventId(job, task, state.run, event);
      if (request?.webhook !== undefined)
        await this.#create(entry, { id, event, url: request.webhook.url, data: taskData(state, metadata!) });
    }
    if (mayFinishJob(state)) await this.#storeFinish(entry, signal);
  }

  async #storeFinish(entry: LogEntry, signal: AbortSignal): Promise<void> {
    const { of } = entry.state;
    const open = this.#open.get(of.job);
    if (open !== undefined && open !== of.task) return;
    const finish = await finishAt(this.#options.log, of, entry.sequence, signal);
    this.#open.delete(of.job);
    if (finish?.finished === false) {
      if (this.#open.size >= mostKnown) this.#open.clear();
      this.#open.set(of.job, finish.open);
    }
    if (finish?.finished !== true || finish.request.webhook === undefined) return;
    const id = finishedEventId(
      of.job,
      finish.tasks.map(({ state }) => state),
    );
    const data = finishedData(finish.tasks, finish.request.jobMetadata);
    await this.#create(entry, { id, event: 'job.finished', url: finish.request.webhook.url, data });
  }

  async #create(
    { sequence, at, state: { of } }: LogEntry,
    event: { readonly id: string; readonly event: WebhookEvent; readonly url: string; readonly data: JsonObject },
  ): Promise<void> {
    const { deliveries, clock, pendingOf, onStored } = this.#options;
    const { job, tenant, pool, expiresAt } = of;
    const task = event.event === 'job.finished' ? null : of.task;
    // The last task's own event comes before the job's.
    const order = 2 * sequence + (event.event === 'job.finished' ? 1 : 0);
    const now = clock.now();
    const created = newDelivery(
      { ...event, job, tenant, pool, task, expiresAt, at, order, ...traceFields(traceOf(of)) },
      now,
    );
    const delivery = pendingOf(tenant) < mostPending ? created : tooMany(created, now);
    const stored = await deliveries.write(delivery, 0);
    if (stored !== undefined) onStored({ delivery, sequence: stored });
  }

  async #save(): Promise<void> {
    const [first] = this.#inProgress;
    const { epoch, sequence } = this.#seen;
    const position = { epoch, sequence: first === undefined ? sequence : Math.min(sequence, first - 1) };
    if (position.epoch === this.#saved.epoch && position.sequence === this.#saved.sequence) return;
    await this.#options.deliveries.savePosition(position);
    this.#saved = position;
  }
}

const passing: ReadonlySet<string> = new Set(['Unavailable', 'StorageFull', 'NotReady', 'NatsPermissionDenied']);

const mayPass = (error: unknown): boolean => error instanceof GenwardenError && passing.has(error.code);

function tooMany(delivery: WebhookDelivery, at: number): WebhookDelivery {
  const message = `The tenant had ${mostPending} pending deliveries already: repair its receivers, then send this one again`;
  return dead(delivery, { reason: 'TooManyPending', message, at });
}
