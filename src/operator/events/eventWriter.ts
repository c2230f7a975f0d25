// Writes events one after the other, apart from those who record them; what cannot be written is dropped before long.

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../telemetry/log.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import type { Series } from './event.ts';

export interface EventWriterOptions {
  readonly write: (series: Series) => Promise<void>;
  readonly dropped: () => void;
  /** ms between two tries of the same. */
  readonly retryAfter: number;
  readonly logger: Logger;
}

/** Events that wait; beyond, new ones are dropped. */
const maxQueued = 500;
const maxTries = 3;
/** For the end of the process, ms. */
const closeTimeoutMs = 3_000;

export class EventWriter {
  readonly #options: EventWriterOptions;
  /** By identity: a series that waits already is written with the count that it has then. */
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
        await pause(this.#options.retryAfter * tries, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }
}
