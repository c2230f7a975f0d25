// Records Kubernetes events about our objects, as `kubectl describe` shows them.

import { elapsed, longAgo, type Monotonic } from '../../job/time.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { OperatorMetrics } from '../../telemetry/metrics.ts';
import type { Cluster } from '../../ports/kubernetes.ts';
import { RateLimiter } from './rateLimiter.ts';
import { eventOf, eventType, seriesKey, type RecordedEvent, type Regarding, type Series } from './event.ts';
import { EventWriter } from './eventWriter.ts';

export type { RecordedEvent } from './event.ts';

export interface EventRecorder {
  /**
   * Records an event about the object. A repeated event within some minutes only increases a count. Returns immediately and never
   * throws: events are best effort, and are dropped above the rate limit or while the API server is unreachable.
   */
  record(object: Regarding, event: RecordedEvent): void;
}

export interface EventRecorderOptions {
  readonly cluster: Pick<Cluster, 'apply'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly metrics: Pick<OperatorMetrics, 'droppedEvents'>;
  readonly logger: Logger;
  /** The name of this process. */
  readonly instance: string;
  /** For tests; ms. */
  readonly times?: Partial<EventTimes>;
}

export interface EventTimes {
  /** Minimum time between two writes of the count of a series, from its second event on. */
  readonly writeEvery: number;
  /** A series without events for this long ends; the next event starts a new one. */
  readonly endsAfter: number;
  /** How often due counts are written and ended series dropped. */
  readonly flushEvery: number;
  /** Delay before a failed write is retried. */
  readonly retryAfter: number;
}

export interface ClosableEventRecorder extends EventRecorder {
  /** Writes queued events, for some seconds at most. */
  close(): Promise<void>;
}

const defaultTimes: EventTimes = { writeEvery: 300_000, endsAfter: 360_000, flushEvery: 15_000, retryAfter: 2_000 };
/** Series in memory; beyond that, the oldest is dropped. */
const maxSeries = 2_000;
/** Rate limits for one object and for all objects, as in client-go. */
const perObject = { burst: 25, everyMs: 300_000 };
const overall = { burst: 200, everyMs: 100 };

export function createEventRecorder(options: EventRecorderOptions): ClosableEventRecorder {
  return new Recorder(options);
}

class Recorder implements ClosableEventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #times: EventTimes;
  readonly #series = new Map<string, Series>();
  readonly #perObjectLimiter: RateLimiter;
  readonly #overallLimiter: RateLimiter;
  readonly #writer: EventWriter;
  readonly #flushing: NodeJS.Timeout;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    const { clock, metrics, logger, cluster } = options;
    const monotonic = (): Monotonic => clock.monotonic();
    this.#perObjectLimiter = new RateLimiter(perObject, monotonic);
    this.#overallLimiter = new RateLimiter(overall, monotonic);
    for (const cause of ['error', 'rate']) metrics.droppedEvents.inc({ cause }, 0);
    this.#writer = new EventWriter({
      write: async (series) => void (await cluster.apply(eventType, eventOf(series, options.instance))),
      dropped: () => metrics.droppedEvents.inc({ cause: 'error' }),
      retryAfter: this.#times.retryAfter,
      logger,
    });
    this.#flushing = setInterval(() => this.#flush(), this.#times.flushEvery).unref();
  }

  record(object: Regarding, event: RecordedEvent): void {
    try {
      this.#record(object, event);
    } catch (error) {
      const about = { err: error, reason: event.reason };
      logEvent(this.#options.logger, 'kubernetes_event_failed', about, 'Could not record an event');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#flushing);
    for (const series of this.#series.values()) if (series.written < series.count) this.#write(series);
    await this.#writer.close();
  }

  #record(object: Regarding, event: RecordedEvent): void {
    const { clock, metrics } = this.#options;
    const key = seriesKey(object, event);
    const now = clock.monotonic();
    const known = this.#series.get(key);
    if (known !== undefined && elapsed(known.lastSeenAt, now) < this.#times.endsAfter) return this.#repeat(known, now);
    if (!this.#perObjectLimiter.take(object.metadata.uid) || !this.#overallLimiter.take('')) {
      metrics.droppedEvents.inc({ cause: 'rate' });
      return;
    }
    const at = clock.now();
    const name = `${object.metadata.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
    const series: Series = {
      name,
      object,
      event,
      count: 1,
      written: 0,
      firstAt: at,
      lastAt: at,
      lastSeenAt: now,
      writtenAt: longAgo,
    };
    this.#series.delete(key);
    this.#series.set(key, series);
    if (this.#series.size > maxSeries) this.#series.delete(this.#series.keys().next().value!);
    this.#write(series);
  }

  #repeat(series: Series, now: Monotonic): void {
    series.count += 1;
    series.lastAt = this.#options.clock.now();
    series.lastSeenAt = now;
    if (series.count === 2 || elapsed(series.writtenAt, now) >= this.#times.writeEvery) this.#write(series);
  }

  #flush(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, series] of this.#series) {
      const over = elapsed(series.lastSeenAt, now) >= this.#times.endsAfter;
      // Writes the final count when a series ends.
      if (series.written < series.count && (over || elapsed(series.writtenAt, now) >= this.#times.writeEvery))
        this.#write(series);
      if (over) this.#series.delete(key);
    }
    this.#perObjectLimiter.prune();
  }

  #write(series: Series): void {
    series.writtenAt = this.#options.clock.monotonic();
    series.written = series.count;
    this.#writer.add(series);
  }
}
