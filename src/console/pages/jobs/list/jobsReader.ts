// Keeps the list of jobs: reads its pages as they are needed, applies the events of the stream, and reads again what is in sight
// where events do not report changes: after a new snapshot, and for what queued jobs wait for.

import { signal } from '@preact/signals';
import type { JobPage } from '../../../../client/index.ts';
import type { Filter } from './filter.ts';
import { JobList, type ListEvent, type Row } from './jobList.ts';
import type { Stretch } from './virtualWindow.ts';

export interface PageRequest {
  readonly filter: Filter;
  readonly cursor: string | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface ReaderOptions {
  readonly readPage: (request: PageRequest) => Promise<JobPage>;
  /** Whether the user is in the list: then rows keep their places. */
  readonly holds: () => boolean;
  readonly inSight: () => Stretch;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Rows of a page. */
const pageSize = 200;
/** The first page comes faster. */
const firstPageSize = 60;
/** The list holds at most this many rows. */
export const mostRows = 20_000;
/** Rows that are left when the user is back at the top. */
const keptAtTop = 2_000;

export class JobsReader {
  /** Grows with each change of the list. */
  readonly version = signal(0);
  readonly error = signal<unknown>(undefined);
  readonly #options: ReaderOptions;
  readonly #stop = new AbortController();
  #list: JobList;
  /** One read at a time. */
  #reading: Promise<unknown> | undefined;

  /** `earlier`: the list that the page had when the user left it; it has to be read again. */
  constructor(filter: Filter, options: ReaderOptions, earlier?: JobList) {
    this.#list = earlier ?? new JobList(filter);
    if (earlier !== undefined) this.version.value = 1;
    this.#options = options;
  }

  get list(): JobList {
    return this.#list;
  }

  /** Whether the list has as many rows as it may have, and there are more jobs. */
  get isFull(): boolean {
    return this.#list.rows.length >= mostRows && this.#list.next !== null;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Reads the list from the top, and drops what is below what is in sight. */
  async restart(): Promise<void> {
    await this.#once(async () => {
      const list = new JobList(this.#list.filter, this.#list);
      await this.#read(list, undefined, firstPageSize);
      this.#list = list;
    });
  }

  /** Reads the next page, if there is one and no read is under way. */
  async readMore(): Promise<void> {
    const list = this.#list;
    if (this.#reading !== undefined || typeof list.next !== 'string' || this.isFull) return;
    await this.#once(() =>
      this.#read(
        list,
        list.rows.findLast(({ cursor }) => cursor !== undefined),
        pageSize,
      ),
    );
  }

  take(events: readonly ListEvent[]): void {
    const isNew = events.some(({ event, job }) => (event === 'snapshot' || event === 'reset') && job === undefined);
    const holds = this.#options.holds();
    if (this.#list.apply(events, holds, this.#options.now())) this.#changed();
    if (isNew) void this.reread();
    else if (!holds) this.release();
  }

  /** Shows what is new, now that the user has left the list, and forgets rows far below. */
  release(): void {
    const { rows, above } = this.#list;
    if (above > 0) this.flush();
    else if (rows.length > keptAtTop && this.#options.inSight().end < firstPageSize) void this.restart();
  }

  /** Shows the jobs above the list, and removes faded rows. */
  flush(): void {
    if (!this.#list.flush()) void this.restart();
    this.#changed();
  }

  /** Reads everything down to the last row in sight again, and drops what is below. */
  async reread(): Promise<void> {
    await this.#once(async () => {
      const list = this.#list;
      const { end } = this.#options.inSight();
      let after: Row | undefined;
      do {
        after = await this.#read(list, after, after === undefined && end < firstPageSize ? firstPageSize : pageSize);
      } while (after !== undefined && list.indexOf(after.id) < end);
      if (after !== undefined) list.truncateAfter(after.id);
    });
  }

  /** Reads the rows in sight again: what a queued job waits for changes without an event. */
  async refreshInSight(): Promise<void> {
    const list = this.#list;
    const { first, end } = this.#options.inSight();
    const seen = list.rows.slice(first, end);
    if (this.#reading !== undefined || !seen.some(({ job }) => job.state === 'queued' || job.state === 'waiting'))
      return;
    await this.#once(() => {
      const after = list.rows.slice(0, first).findLast(({ cursor }) => cursor !== undefined);
      const from = after === undefined ? 0 : list.indexOf(after.id) + 1;
      return this.#read(list, after, Math.min(pageSize, Math.max(end - from, firstPageSize)));
    });
  }

  /** The row that ends the page; undefined if it is the last page. */
  async #read(list: JobList, after: Row | undefined, limit: number): Promise<Row | undefined> {
    const { readPage, holds, now } = this.#options;
    const asOf = now();
    const page = await readPage({ filter: list.filter, cursor: after?.cursor, limit, signal: this.#stop.signal });
    list.merge(page, { after: after === undefined ? undefined : list.row(after.id), hold: holds(), asOf });
    const last = page.items.at(-1);
    return page.next === null || last === undefined ? undefined : list.row(last.id);
  }

  async #once(work: () => Promise<unknown>): Promise<void> {
    const before = this.#reading ?? Promise.resolve();
    const run = before.then(work).then(
      () => this.#ended(undefined),
      (error: unknown) => this.#ended(error),
    );
    this.#reading = run;
    await run;
    if (this.#reading === run) this.#reading = undefined;
  }

  #ended(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.error.value = error;
    this.#changed();
  }

  #changed(): void {
    this.version.value += 1;
  }
}
