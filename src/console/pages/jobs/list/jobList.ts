// The rows of the list, newest first: pages of the API and the events since, without moving what the user looks at. A job that
// appears while the user is in the list stays above it; a row whose job no longer matches the filter fades and keeps its place.

import type { Job, JobEvent, JobPage, ListedJob } from '../../../../client/index.ts';
import { matches, type Filter } from './filter.ts';

/** An event of the tab's stream. `job`: the stream is that of one job. */
export type ListEvent = { readonly job: string | undefined } & (JobEvent | JobEvent<Job>);

export interface Row {
  readonly id: string;
  readonly job: ListedJob;
  /** The job no longer matches the filter, or is gone: the next flush removes the row. */
  readonly faded: boolean;
  /** Where the next page begins, after the last row of a page. */
  readonly cursor: string | undefined;
}

/** More jobs above the list than this are only counted, up to a limit: the list is read again to show them. */
const mostAbove = 500;
const mostCounted = 10_000;
/** An API process may be so much older than the one that sends the events, ms. */
const lag = 5_000;
/** How long events are remembered for pages that were read meanwhile, ms. */
const rememberFor = 30_000;
const mostRemembered = 5_000;

type Fact = { readonly at: number; readonly job: ListedJob | 'deleted' };

export class JobList {
  readonly filter: Filter;
  /** Newest first. A row is replaced when its job changes. */
  readonly rows: Row[] = [];
  readonly #places = new Map<string, Row>();
  readonly #above = new Map<string, ListedJob>();
  readonly #moreAbove = new Set<string>();
  readonly #recent: Map<string, Fact>;
  /** Where older jobs begin; null: there are none; undefined: nothing has been read yet. */
  next: string | null | undefined;
  complete = true;
  since: string | null = null;

  /** `earlier`: a list that this one replaces, and that gets the events until then. */
  constructor(filter: Filter, earlier?: JobList) {
    this.filter = filter;
    this.#recent = earlier === undefined ? new Map<string, Fact>() : earlier.#recent;
  }

  /** Jobs that have appeared and are not shown yet. */
  get above(): number {
    return this.#above.size + this.#moreAbove.size;
  }

  row(id: string): Row | undefined {
    return this.#places.get(id);
  }

  /** Where a row is, or -1. */
  indexOf(id: string): number {
    const row = this.#places.get(id);
    return row === undefined ? -1 : this.#placeOf(row.job);
  }

  /** `hold`: jobs that appear stay above. `now`: ms since 1970. Returns whether anything has changed. */
  apply(events: readonly ListEvent[], hold: boolean, now: number): boolean {
    const facts = new Map<string, ListedJob | 'deleted'>();
    for (const event of events) {
      if (event.event === 'job') facts.set(event.data.id, event.data);
      else if (event.event === 'task' && event.data.state === 'deleted') facts.set(event.data.job, 'deleted');
    }
    this.#forget(now);
    let changed = false;
    for (const [id, job] of facts) {
      // At the end, so that the oldest one is always the first.
      this.#recent.delete(id);
      this.#recent.set(id, { at: now, job });
      changed = this.#take(id, job, hold) || changed;
    }
    return changed;
  }

  /**
   * Takes a page that was read after the row `after`, or from the top. Rows of its stretch that it does not have fade. What events
   * have told since `asOf` wins.
   */
  merge(page: JobPage, { after, hold, asOf }: { after: Row | undefined; hold: boolean; asOf: number }): void {
    const listed = new Set(page.items.map(({ id }) => id));
    const last = page.items.at(-1);
    const from = after === undefined ? 0 : this.indexOf(after.id) + 1;
    const end = page.next === null || last === undefined ? this.rows.length : this.#placeOf(last) + 1;
    for (const row of this.rows.slice(from, end)) {
      if (!listed.has(row.id)) this.#replace({ ...row, faded: true });
    }
    const isFirst = this.next === undefined;
    const oldest = this.rows.at(-1)?.job;
    for (const job of page.items) this.#takeListed(job, { hold: hold && !isFirst, oldest });
    const lastRow = last === undefined ? undefined : this.#places.get(last.id);
    if (lastRow !== undefined) this.#replace({ ...lastRow, cursor: page.next ?? undefined });
    if (lastRow === undefined || this.rows.at(-1)?.id === lastRow.id || page.next === null) this.next = page.next;
    for (const [id, { at, job }] of this.#recent) if (at >= asOf - lag) this.#take(id, job, hold && !isFirst);
    this.complete = page.complete;
    this.since = page.since;
  }

  /** Drops all rows after this one, which ends a page. */
  truncateAfter(id: string): void {
    const row = this.#places.get(id);
    if (row?.cursor === undefined) return;
    for (const { id: dropped } of this.rows.splice(this.indexOf(id) + 1)) this.#places.delete(dropped);
    this.next = row.cursor;
  }

  /** Shows the jobs above, and removes faded rows. False if the list has to be read again for that. */
  flush(): boolean {
    if (this.#moreAbove.size > 0) return false;
    this.#removeFaded();
    for (const job of this.#above.values()) this.#insert(job);
    this.#above.clear();
    return true;
  }

  #removeFaded(): void {
    let kept = 0;
    for (const row of this.rows) {
      if (row.faded) {
        this.#places.delete(row.id);
        // The row before ends the page now.
        if (row.cursor !== undefined && kept > 0)
          this.#replaceAt(kept - 1, { ...this.rows[kept - 1]!, cursor: row.cursor });
      } else {
        this.rows[kept] = row;
        kept += 1;
      }
    }
    this.rows.length = kept;
  }

  #take(id: string, job: ListedJob | 'deleted', hold: boolean): boolean {
    const row = this.#places.get(id);
    if (job === 'deleted') {
      if (row === undefined) return this.#leave(id);
      this.#replace({ ...row, faded: true });
      return true;
    }
    const wanted = matches(this.filter, job);
    if (row !== undefined) {
      this.#replace({ ...row, job, faded: !wanted });
      return true;
    }
    if (!wanted) return this.#leave(id);
    if (!this.#isWithin(job)) return false;
    this.#show(job, hold);
    return true;
  }

  /** Whether it was above. */
  #leave(id: string): boolean {
    return this.#above.delete(id) || this.#moreAbove.delete(id);
  }

  /** Whether the job's place is among the rows that have been read. */
  #isWithin(job: ListedJob): boolean {
    const last = this.rows.at(-1);
    if (this.next === undefined) return false;
    return this.next === null || last === undefined || compare(job, last.job) < 0;
  }

  #takeListed(job: ListedJob, { hold, oldest }: { hold: boolean; oldest: ListedJob | undefined }): void {
    const row = this.#places.get(job.id);
    if (row !== undefined) return this.#replace({ ...row, job, faded: false });
    const isFurther = oldest === undefined || compare(job, oldest) > 0;
    this.#show(job, hold && !isFurther);
  }

  #show(job: ListedJob, hold: boolean): void {
    if (!hold) {
      this.#above.delete(job.id);
      this.#insert(job);
    } else if (this.#above.has(job.id) || this.#above.size < mostAbove) this.#above.set(job.id, job);
    else if (this.#moreAbove.size < mostCounted) this.#moreAbove.add(job.id);
  }

  #insert(job: ListedJob): void {
    const row: Row = { id: job.id, job, faded: false, cursor: undefined };
    this.#places.set(job.id, row);
    this.rows.splice(this.#placeOf(job), 0, row);
  }

  #replace(row: Row): void {
    this.#replaceAt(this.indexOf(row.id), row);
  }

  #replaceAt(index: number, row: Row): void {
    this.rows[index] = row;
    this.#places.set(row.id, row);
  }

  /** The index of the job's row, or of the first row that is older. */
  #placeOf(job: ListedJob): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.rows[middle]!.job, job) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(now: number): void {
    for (const [id, { at }] of this.#recent) {
      if (at > now - rememberFor && this.#recent.size <= mostRemembered) return;
      this.#recent.delete(id);
    }
  }
}

/** Newest first: by submit time, then by ID. */
function compare(a: ListedJob, b: ListedJob): number {
  if (a.submittedAt !== b.submittedAt) return a.submittedAt > b.submittedAt ? -1 : 1;
  return a.id === b.id ? 0 : a.id > b.id ? -1 : 1;
}
