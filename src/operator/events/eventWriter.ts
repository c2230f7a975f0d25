// Writes events one after the other, apart from those who record them; what cannot be written is dropped before long.

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../telemetry/log.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import type { Series } from './event.ts';

export interface EventWriterOptions {
  readonly write: (series: Series) => Promise<void>;
  readonly dropped: () => void;
  /** ms between two tries of the same. */
  readonly tryAgainAfter: number;
  readonly logger: Logger;
}

/** Events that wait; beyond, new ones are dropped. */
const mostWaiting = 500;
const mostTries = 3;
/** For the end of the process, ms. */
const closeWithin = 3_000;

export class EventWriter {
  readonly #options: EventWriterOptions;
  /** By identity: a series that waits already is written with the count that it has then. */
  readonly #waiting = new Set<Series>();
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  add(series: Series): void {
    if (this.#waiting.size >= mostWaiting && !this.#waiting.has(series)) return this.#options.dropped();
    this.#waiting.add(series);
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), closeWithin);
    await this.#writing;
    clearTimeout(late);
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#waiting) {
      this.#waiting.delete(series);
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
        const hopeless =
          error instanceof KubeError && error.status >= 400 && error.status < 500 && error.status !== 429;
        if (hopeless || tries === mostTries || this.#stop.signal.aborted) {
          this.#options.logger.debug({ err: error, reason }, 'An event about an object was not written');
          return false;
        }
        await pause(this.#options.tryAgainAfter * tries, undefined, { signal: this.#stop.signal }).catch(
          () => undefined,
        );
      }
    }
  }
}
