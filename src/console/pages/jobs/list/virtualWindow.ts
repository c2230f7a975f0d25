// Which rows of a long list are in the page: those in sight, and some on both sides.

export interface Stretch {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** Rows beyond each edge, so that scrolling never meets an empty place. */
const overscan = 10;

/** `top`: where the list begins, below the upper edge of what is in sight (negative if it is scrolled), px. */
export function rowsInSight(top: number, height: number, rowHeight: number, count: number): Stretch {
  const clamp = (index: number): number => Math.max(0, Math.min(count, index));
  return { first: clamp(Math.floor(-top / rowHeight)), end: clamp(Math.ceil((height - top) / rowHeight)) };
}

export const withOverscan = ({ first, end }: Stretch, count: number): Stretch => ({
  first: Math.max(0, first - overscan),
  end: Math.min(count, end + overscan),
});

/** How far to scroll so that the row is in sight, between `from` and `to` from the upper edge of the window, px; 0: it is. */
export function scrollToSee(
  index: number,
  top: number,
  rowHeight: number,
  { from, to }: { from: number; to: number },
): number {
  const upper = top + index * rowHeight;
  if (upper < from) return upper - from;
  return Math.max(0, upper + rowHeight - to);
}
