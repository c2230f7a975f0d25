// Progress bars. Only what succeeded, or what runs as far as it is, fills a bar: a failed task never looks done.

import type { ListedJob } from '../../../client/index.ts';

/** `fraction` (0 to 1, clamped) as a bar of `columns`, with its percentage: `██████░░░░  60%`. */
export function progressBar(fraction: number, columns: number): string {
  const part = partOf(fraction);
  const full = Math.floor(part * columns);
  return `${'█'.repeat(full)}${'░'.repeat(columns - full)} ${percentage(part)}`;
}

/** A job's bar: `████▒▒✗✗░░  40%` is 40 % done, 20 % in review and 20 % failed. */
export function jobBar(progress: ListedJob['progress'], columns: number): string {
  const { total, needs_review: inReview, failed } = progress;
  const done = doneFraction(progress);
  const bad = Math.min(columns, cellsOf(failed / total, columns));
  const review = Math.min(columns - bad, cellsOf(inReview / total, columns));
  const rest = 1 - done - (failed + inReview) / total;
  const empty = Math.min(columns - bad - review, rest < tolerance ? 0 : Math.ceil(rest * columns - tolerance));
  const full = columns - bad - review - empty;
  return `${'█'.repeat(full)}${'▒'.repeat(review)}${'✗'.repeat(bad)}${'░'.repeat(empty)} ${percentage(done)}`;
}

/** 0 to 1. The API counts every task that has ended, however it ended. */
export function doneFraction({ total, failed, cancelled, fraction }: ListedJob['progress']): number {
  return partOf((fraction * total - failed - cancelled) / total);
}

/** The fraction of the API has four digits. */
const tolerance = 0.001;

/** At least one for more than nothing. */
const cellsOf = (part: number, columns: number): number =>
  part > 0 ? Math.max(1, Math.floor(part * columns + tolerance)) : 0;

/** Rounded down, so that 100% means done. */
const percentage = (part: number): string => `${Math.floor(part * 100)}%`.padStart(4);

const partOf = (fraction: number): number => Math.min(1, Math.max(0, Number.isNaN(fraction) ? 0 : fraction));
