// How far the counters that Prometheus has scraped from the leading controllers count the stream. The next leader continues there.

import type { Instant, Sequence } from '../job/time.ts';
import type { Position } from './jobLog.ts';

/** The counters of a scrape count every message up to the position, and none after it. */
export interface ScrapeMark extends Position {
  /** When the counters were read. */
  readonly at: Instant;
  /** The controller that wrote the mark. */
  readonly by: string;
}

export interface StoredMark {
  /** Undefined if none is stored, or none that can be read. */
  readonly mark: ScrapeMark | undefined;
  /** What `replace` expects; 0 before the first mark. */
  readonly revision: Sequence;
}

export interface ScrapeMarks {
  /** The newest mark, from the bucket's leader. Throws `Unavailable`. */
  read(): Promise<StoredMark>;
  /**
   * Stores the mark in place of the one with this revision. Returns its revision, or undefined if another mark was stored
   * meanwhile. Throws `Unavailable`, or `StorageFull`; the mark may be stored nevertheless.
   */
  replace(mark: ScrapeMark, expected: Sequence): Promise<Sequence | undefined>;
}
