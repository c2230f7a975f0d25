// Counts of the stream on their way to the counters. Prometheus ignores the first value of a new series, so a series is exported
// as 0 first, and counts reach it after Prometheus has seen that.

import type { Sequence } from '../../job/time.ts';
import { observe, type ControllerMetrics } from '../../telemetry/metrics.ts';
import type { Count } from './counts.ts';

export interface Entry {
  readonly sequence: Sequence;
  readonly counts: readonly Count[];
}

type Series = Pick<Count, 'to' | 'labels'>;

/** What all counters and histograms have, whatever their labels. */
interface Counter {
  inc(labels: Series['labels'], by?: number): void;
}
interface Zeroed {
  zero(labels: Series['labels']): void;
}
interface Histogram {
  observe(labels: Series['labels'], value: number): void;
}

const seriesKey = ({ to, labels }: Series): string => `${to}\n${Object.values(labels).join('\n')}`;

export class Ledger {
  readonly #metrics: ControllerMetrics;
  /** In the order of the stream. */
  #held: Entry[] = [];
  readonly #created = new Set<string>();
  /** The series that a scrape has shown. */
  #shown: ReadonlySet<string> = new Set();

  constructor(metrics: ControllerMetrics) {
    this.#metrics = metrics;
  }

  get size(): number {
    return this.#held.length;
  }

  hold(entry: Entry): void {
    if (entry.counts.length > 0) this.#held.push(entry);
  }

  /** Holds entries that come before all others. */
  holdFirst(entries: readonly Entry[]): void {
    this.#held = [...entries.filter(({ counts }) => counts.length > 0), ...this.#held];
  }

  /** Exports the series as 0, unless it exists. */
  create(series: Series): void {
    const key = seriesKey(series);
    if (this.#created.has(key)) return;
    this.#created.add(key);
    const { to, labels } = series;
    const metric: Counter | Zeroed = this.#metrics[to];
    if ('inc' in metric) metric.inc(labels, 0);
    else metric.zero(labels);
  }

  /** Creates the series of all held counts. */
  createHeld(): void {
    for (const { counts } of this.#held) for (const count of counts) this.create(count);
  }

  /**
   * Adds the held counts to the counters, up to the first one whose series no scrape has shown. Returns the sequence of that
   * one; undefined if nothing is held any more.
   */
  settle(): Sequence | undefined {
    const end = this.#held.findIndex(({ counts }) => counts.some((count) => !this.#shown.has(seriesKey(count))));
    const left = end === -1 ? [] : this.#held.slice(end);
    for (const entry of end === -1 ? this.#held : this.#held.slice(0, end)) this.#add(entry);
    this.#held = left;
    return left[0]?.sequence;
  }

  settleAll(): void {
    this.createHeld();
    for (const entry of this.#held) this.#add(entry);
    this.#held = [];
  }

  /** Forgets what is held: another process counts it. */
  drop(): void {
    this.#held = [];
  }

  /** Call it when the values of a scrape are read; the returned function when the answer was sent. */
  show(): () => void {
    const shown = new Set(this.#created);
    return () => (this.#shown = shown);
  }

  #add({ counts }: Entry): void {
    for (const count of counts) this.#count(count);
  }

  #count(count: Count): void {
    const { labels } = count;
    switch (count.to) {
      case 'tasksFinished':
      case 'invariantViolations':
      case 'providerOutages':
        return (this.#metrics[count.to] as Counter).inc(labels);
      case 'taskQueueDuration':
      case 'recoveryDuration':
        return (this.#metrics[count.to] as Histogram).observe(labels, count.value);
      case 'taskDuration':
        return observe(this.#metrics.taskDuration, labels, count.value, count.traceId);
      default:
        count satisfies never;
    }
  }
}
