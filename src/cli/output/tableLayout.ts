// Which columns of a table a terminal has room for, and how wide they are: first names and the like are cut and messages wrapped, then
// messages go below their rows and columns of less use are left out.

export interface Flexibility {
  /** The text may be cut to so many columns: names, labels and prompts. */
  readonly min?: number;
  /** The text wraps at words, in a column of at least so many columns, or else below the row: reasons and messages. */
  readonly wrap?: number;
  /** Columns are left out in the order of this rank, the highest first; one that wraps goes below the row. Absent: never. */
  readonly drop?: number;
}

/** A column with the width that all of its text takes. */
export interface Sized extends Flexibility {
  readonly title: number;
  readonly natural: number;
}

export interface Layout<Part extends Sized> {
  readonly beside: readonly (Part & { readonly width: number })[];
  readonly below: readonly Part[];
}

export const gap = 2;

/** `width`: of the terminal. If nothing is left to give way, the last columns are cut, or left out. */
export function layoutFor<Part extends Sized>(parts: readonly Part[], width: number): Layout<Part> {
  let beside = [...parts];
  while (totalOf(beside.map(floorOf)) > width) {
    const weakest = weakestOf(beside);
    if (weakest === undefined) break;
    beside = beside.filter((part) => part !== weakest);
  }
  const below = parts.filter((part) => part.wrap !== undefined && !beside.includes(part));
  const widths = cutAt(widened(beside, width), width);
  return { beside: widths.map((each, at) => ({ ...beside[at]!, width: each })), below };
}

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);

function floorOf({ min, wrap, natural, title }: Sized): number {
  const least = min ?? wrap;
  return least === undefined ? natural : Math.min(natural, Math.max(least, title));
}

function weakestOf<Part extends Sized>(parts: readonly Part[]): Part | undefined {
  const rank = ({ drop, wrap }: Sized): number => drop ?? (wrap === undefined ? -1 : 0);
  const weakest = parts.toSorted((a, b) => rank(b) - rank(a))[0];
  return weakest === undefined || rank(weakest) < 0 ? undefined : weakest;
}

/** Shares what is left above the floors: messages get all that they need, and of the others the narrowest come first. */
function widened(parts: readonly Sized[], width: number): number[] {
  const widths = parts.map(floorOf);
  let left = width - totalOf(widths);
  const grow = (may: (part: Sized) => boolean): void => {
    while (left > 0) {
      const hungry = parts.flatMap((part, at) => (may(part) && widths[at]! < part.natural ? [at] : []));
      const narrowest = hungry.toSorted((a, b) => widths[a]! - widths[b]!)[0];
      if (narrowest === undefined) return;
      widths[narrowest]! += 1;
      left -= 1;
    }
  };
  grow(({ wrap }) => wrap !== undefined);
  grow(() => true);
  return widths;
}

/** The widths of the columns that fit, the last of which may be cut. */
function cutAt(widths: readonly number[], width: number): number[] {
  const fitting: number[] = [];
  let left = width;
  for (const [at, each] of widths.entries()) {
    if (at > 0) left -= gap;
    if (left < 1) break;
    fitting.push(Math.min(each, left));
    left -= each;
  }
  return fitting;
}
