// Where the list is on the screen, and whether the user is in it.

import { useMemo } from 'preact/hooks';
import { rowsInSight, scrollToSee, type Stretch } from './virtualWindow.ts';

/** Heights of a row, px: in columns, and as a card with two lines on narrow screens. */
const heights = { columns: 46, card: 72 };

const narrow = matchMedia('(max-width: 900px)');

/** The screen has no room for columns. */
export const isNarrow = (): boolean => narrow.matches;

export class ListView {
  body: HTMLElement | null = null;
  /** The pointer is over a row. */
  pointed = false;

  get rowHeight(): number {
    return isNarrow() ? heights.card : heights.columns;
  }

  /** Calls when the form of the rows has changed. Returns a function that stops. */
  onForm(changed: () => void): () => void {
    narrow.addEventListener('change', changed);
    return () => narrow.removeEventListener('change', changed);
  }

  get top(): number {
    return this.body?.getBoundingClientRect().top ?? 0;
  }

  inSight(count: number): Stretch {
    return rowsInSight(this.top, innerHeight, this.rowHeight, count);
  }

  holds(): boolean {
    if (this.body === null) return false;
    return this.pointed || this.body.contains(document.activeElement) || this.top < this.edges().from - this.rowHeight;
  }

  scrollTo(index: number): void {
    const by = scrollToSee(index, this.top, this.rowHeight, this.edges());
    if (by !== 0) scrollBy({ top: by, behavior: 'instant' });
  }

  /** So that the first row is in sight. */
  scrollToTop(): void {
    const by = this.top - this.edges().from;
    if (by < 0) scrollBy({ top: by, behavior: 'instant' });
  }

  /** The part of the window between what covers the list above and below. */
  edges(): { from: number; to: number } {
    const above = bottomOf('.jobs-head') ?? bottomOf('.header') ?? 0;
    const rail = document.querySelector('.rail')?.getBoundingClientRect();
    // On a phone the rail is a bar at the bottom.
    const to = rail !== undefined && rail.top > 0 ? rail.top : innerHeight;
    const actions = document.querySelector('.jobs-bulk')?.getBoundingClientRect().top;
    return { from: above, to: Math.min(to, actions ?? to) };
  }
}

/** Of what is visible. */
function bottomOf(selector: string): number | undefined {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return box === undefined || box.height <= 1 ? undefined : box.bottom;
}

export const useListView = (): ListView => useMemo(() => new ListView(), []);
