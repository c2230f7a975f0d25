// The mark of a term: up to where Prometheus has the counters. The leader reads it at the start of its term, makes it its own, so
// that a previous leader that was frozen can no longer replace it, and moves it after each scrape.

import type { Sequence } from '../../job/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Position } from '../../ports/jobLog.ts';
import type { ScrapeMark, ScrapeMarks } from '../../ports/scrapeMarks.ts';

/** Marks of an installation that Prometheus stopped scraping are of no use after this time, ms. */
const usableFor = 24 * 3_600_000;
/** The most messages that a new leader reads again. */
const mostReplayed = 200_000;
/** ms between two attempts to read the mark. */
const retryEvery = 1_000;

export class Handover {
  readonly #marks: ScrapeMarks;
  readonly #clock: Clock;
  /** Unique to the term. */
  readonly #by: string;
  #revision: Sequence = 0;
  #mark: ScrapeMark | undefined;
  /** Another process has taken the mark over. */
  #lost = false;
  #storing: Promise<void> | undefined;
  #next: ScrapeMark | undefined;

  constructor(marks: ScrapeMarks, clock: Clock, by: string) {
    this.#marks = marks;
    this.#clock = clock;
    this.#by = by;
  }

  /** Prometheus has scraped this installation before, whether its mark can be used or not. */
  get hadMark(): boolean {
    return this.#revision > 0;
  }

  /**
   * The mark of the previous term, which is this term's from now on; undefined if there is none that the stream continues. Waits
   * for NATS; rejects with the signal's reason.
   */
  async take(position: Position, signal: AbortSignal): Promise<ScrapeMark | undefined> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const { mark, revision } = await this.#marks.read();
        if (mark === undefined || !this.#isUsable(mark, position)) {
          this.#revision = revision;
          return undefined;
        }
        const own = { ...mark, by: this.#by };
        const taken = await this.#marks.replace(own, revision);
        if (taken === undefined) continue;
        this.#revision = taken;
        this.#mark = own;
        return mark;
      } catch {
        await this.#clock.sleep(this.#clock.now() + retryEvery, signal);
      }
    }
  }

  /** Stores the mark of a scrape; while a write is in progress, the latest one waits. Never rejects. */
  store(at: Omit<ScrapeMark, 'by'>): Promise<void> {
    this.#next = { ...at, by: this.#by };
    this.#storing ??= this.#storeAll().finally(() => (this.#storing = undefined));
    return this.#storing;
  }

  /** Whether the mark is still this term's; undefined if NATS does not answer. */
  async confirm(): Promise<boolean | undefined> {
    await this.#storing;
    if (this.#lost || this.#mark === undefined) return !this.#lost;
    return this.#replace(this.#mark).catch(() => undefined);
  }

  async #storeAll(): Promise<void> {
    for (let mark = this.#next; mark !== undefined && !this.#lost; mark = this.#next) {
      this.#next = undefined;
      // After a failure the mark of the next scrape replaces both.
      await this.#replace(mark).catch(() => undefined);
    }
  }

  async #replace(mark: ScrapeMark): Promise<boolean> {
    for (;;) {
      const stored = await this.#marks.replace(mark, this.#revision);
      if (stored !== undefined) {
        this.#revision = stored;
        this.#mark = mark;
        return true;
      }
      // The answer to an earlier write of this term may have been lost.
      const found = await this.#marks.read();
      this.#lost = found.mark !== undefined && found.mark.by !== this.#by;
      if (this.#lost) return false;
      this.#revision = found.revision;
    }
  }

  #isUsable({ epoch, sequence, at }: ScrapeMark, position: Position): boolean {
    const missed = position.sequence - sequence;
    const isRecent = this.#clock.now() - at < usableFor;
    return epoch === position.epoch && missed >= 0 && missed <= mostReplayed && isRecent;
  }
}
