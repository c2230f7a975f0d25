// Sends pending deliveries: reads each one again before it is sent, and writes what the attempt led to on the condition that
// nobody else has. A delivery may be sent twice if the process dies in between; its id is the same.

import { sleep } from '../async/sleep.ts';
import type { JsonObject } from '../job/jsonValue.ts';
import type { Sequence } from '../job/time.ts';
import { afterAttempt, dead, type AttemptResult, type WebhookDelivery } from '../job/webhooks/delivery.ts';
import { logEvent, type EventLogger } from '../job/logEvents/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDelivery, WebhookDeliveries } from '../ports/webhookDeliveries.ts';
import type { WebhookReceiver } from '../ports/webhookReceiver.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import { postInTrace } from './postInTrace.ts';
import type { Tracer } from '../telemetry/tracing/tracer.ts';
import { Outbox, type Due, type OutboxLimits } from './outbox.ts';
import { payloadOf, signedHeaders } from './payload.ts';
import { retryDelayOf } from './retryDelay.ts';
import type { WebhookSecrets } from './secrets.ts';

export interface SenderOptions {
  readonly deliveries: Pick<WebhookDeliveries, 'find' | 'write' | 'pending'>;
  readonly receiver: Pick<WebhookReceiver, 'post'>;
  readonly secrets: WebhookSecrets;
  /** Links of the job for its receiver, valid from now on. */
  readonly linksOf: (delivery: WebhookDelivery) => Promise<JsonObject>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly metrics: Pick<ApiMetrics, 'webhookDeliveries' | 'webhookDelay' | 'webhooksPending' | 'webhooksDead'>;
  /** Default: traces are off. */
  readonly tracer?: Tracer | undefined;
  readonly logger: EventLogger & Pick<Logger, 'debug'>;
  readonly limits?: OutboxLimits;
}

/** How often deliveries are read that other processes have stored, such as those sent again by a request, ms. */
const readEvery = 1_000;
const pageSize = 256;

export class Sender {
  readonly #options: SenderOptions;
  readonly #outbox: Outbox;
  readonly #underway = new Set<Promise<void>>();
  #wake: () => void = () => undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.limits);
  }

  pendingOf(tenant: string): number {
    return this.#outbox.pendingOf(tenant);
  }

  add(stored: StoredDelivery): void {
    this.#outbox.add(stored);
    this.#options.metrics.webhooksPending.set(this.#outbox.size);
    this.#wake();
  }

  /** Sends until the signal aborts; then waits for the attempts that are under way, which it interrupts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const reading = this.#keepReading(signal);
    while (!signal.aborted) {
      this.#sendDue(signal);
      await this.#untilNext(signal);
    }
    await Promise.all([reading, ...this.#underway]);
    this.#options.metrics.webhooksPending.set(0);
  }

  #sendDue(signal: AbortSignal): void {
    const { clock } = this.#options;
    for (let due = this.#outbox.take(clock.now()); due !== undefined; due = this.#outbox.take(clock.now())) {
      const attempt = this.#send(due, signal);
      this.#underway.add(attempt);
      void attempt.then(() => {
        this.#underway.delete(attempt);
        this.#wake();
      });
    }
  }

  async #untilNext(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const wait = (this.#outbox.nextAt() ?? Infinity) - this.#options.clock.now();
    await sleep(Math.min(Math.max(wait, 1), 60_000), AbortSignal.any([signal, woken.signal]));
  }

  /** All that are stored at the start, then each second those that were stored since. */
  async #keepReading(signal: AbortSignal): Promise<void> {
    const { deliveries, logger } = this.#options;
    let after: Sequence = 0;
    while (!signal.aborted) {
      const page = await deliveries.pending(after, pageSize).catch((error: unknown) => {
        logger.debug({ err: error }, 'Cannot read pending webhook deliveries');
        return [];
      });
      for (const stored of page) this.add(stored);
      after = page.at(-1)?.sequence ?? after;
      if (page.length < pageSize) await sleep(readEvery, signal);
    }
  }

  /** Never rejects. */
  async #send(due: Due, signal: AbortSignal): Promise<void> {
    const { deliveries } = this.#options;
    const found = await untilAnswered(signal, () => deliveries.find(due.tenant, due.id));
    if (found === undefined || found.delivery.state !== 'pending') return this.#outbox.settle(due, undefined);
    const { nextAt: dueAt } = found.delivery;
    // Another process has tried it meanwhile.
    if (dueAt !== null && found.sequence > due.sequence && dueAt > this.#options.clock.now())
      return this.#outbox.settle(due, { sequence: found.sequence, nextAt: dueAt });
    const next = await this.#attempt(found.delivery, signal);
    // The end of the term interrupted the attempt: its outcome is unknown, so the next leader sends it again.
    if (next === undefined) return this.#outbox.settle(due, undefined);
    const sequence = await untilAnswered(signal, () => deliveries.write(next, found.sequence));
    if (sequence !== undefined) this.#report(next);
    const { nextAt } = next;
    // Without a sequence another process has written first; its record is read within a second.
    this.#outbox.settle(due, sequence === undefined || nextAt === null ? undefined : { sequence, nextAt });
    this.#options.metrics.webhooksPending.set(this.#outbox.size);
  }

  async #attempt(delivery: WebhookDelivery, signal: AbortSignal): Promise<WebhookDelivery | undefined> {
    const { clock, random } = this.#options;
    if (delivery.expiresAt <= clock.now()) {
      return dead(delivery, { reason: 'JobExpired', message: 'The job has expired', at: clock.now() });
    }
    const result = await this.#post(delivery, signal);
    if (result === undefined || (signal.aborted && !result.answered)) return undefined;
    return afterAttempt(delivery, result, clock.now(), random());
  }

  async #post(delivery: WebhookDelivery, signal: AbortSignal): Promise<AttemptResult | undefined> {
    const { secrets, linksOf, receiver, clock } = this.#options;
    const { id, tenant, url } = delivery;
    const own = secrets.of(tenant);
    if (own.length === 0) {
      const message = `Tenant ${tenant} has no secret any more: add one to GENWARDEN_WEBHOOK_SECRETS_FILE`;
      return { answered: false, reason: 'SecretMissing', message };
    }
    const links = await untilAnswered(signal, () => linksOf(delivery));
    if (links === undefined) return undefined;
    const body = payloadOf(delivery, links);
    const headers = signedHeaders(id, body, own, clock.now());
    return postInTrace(delivery, this.#options, (trace) =>
      receiver.post({ url, headers: { ...headers, ...trace }, body }, signal),
    );
  }

  /** The address stays out of the log: its path or query may be a secret of the receiver. */
  #report({ id, tenant, job, event, at, state, attempts, url, lastError }: WebhookDelivery): void {
    const { metrics, logger, clock } = this.#options;
    metrics.webhookDeliveries.inc({ outcome: state === 'pending' ? 'retried' : state });
    if (state === 'delivered') metrics.webhookDelay.observe(Math.max(0, clock.now() - at) / 1_000);
    const fields = { delivery: id, tenant, job, webhookEvent: event, attempts, host: new URL(url).host };
    if (lastError === null) return logger.debug(fields, 'webhook delivered');
    const failure = { ...fields, reason: lastError.reason, error: lastError.message };
    if (state === 'dead') logEvent(logger, 'webhook_dead', failure, 'webhook given up');
    else logEvent(logger, 'webhook_retried', failure, 'webhook failed; it is sent again later');
  }
}

/** Undefined if the signal aborts first. */
async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await ask();
    } catch {
      await sleep(retryDelayOf(failures), signal);
    }
  }
  return undefined;
}
