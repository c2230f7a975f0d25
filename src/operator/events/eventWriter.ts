// Writes events one at a time in the background. An event that cannot be written is dropped after a few tries.

import { sleep } from '../../async/sleep.ts';
import type { Logger } from '../../telemetry/log.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import type { Series } from './event.ts';

export interface EventWriterOptions {
  readonly write: (series: Series) => Promise<void>;
  readonly dropped: () => void;
  /** Delay before the first retry, ms; it grows with each try. */
  readonly retryAfter: number;
  readonly logger: Logger;
}

/** The maximum length of the queue; beyond it, new events are dropped. */
const maxQueued = 500;
const maxTries = 3;
/** How long `close` waits for queued events, ms. */
const closeTimeoutMs = 3_000;

export class EventWriter {
  readonly #options: EventWriterOptions;
  /** By identity: a queued series is written once, with its count at that time. */
  readonly #queued = new Set<Series>();
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  add(series: Series): void {
    if (this.#queued.size >= maxQueued && !this.#queued.has(series)) return this.#options.dropped();
    this.#queued.add(series);
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), closeTimeoutMs);
    await this.#writing;
    clearTimeout(late);
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#queued) {
      this.#queued.delete(series);
      if (this.#stop.signal.aborted || !(await this.#write(series))) this.#options.dropped();
    }
  }

  async #write(series: Series): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#options.write(series);
        return true;
      } catch (error) {
        const { reason } = series.event;
        const isPermanent =
          error instanceof KubeError && error.status >= 400 && error.status < 500 && error.status !== 429;
        if (isPermanent || tries === maxTries || this.#stop.signal.aborted) {
          this.#options.logger.debug({ err: error, reason }, 'Dropped an event that could not be written');
          return false;
        }
        await sleep(this.#options.retryAfter * tries, this.#stop.signal);
      }
    }
  }
}
