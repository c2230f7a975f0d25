// The course of a figure over the last hour, as a line without axes. The figure itself stands beside it in words.

interface SparklineProps {
  /** Oldest first; null where there is no value, which leaves a gap. */
  values: readonly (number | null)[];
  /** The value at the top; default: the largest one. */
  top?: number;
  label: string;
}

const [width, height] = [120, 28];

export function Sparkline({ values, top, label }: SparklineProps) {
  const highest = top ?? Math.max(1, ...values.map((value) => value ?? 0));
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
      {lines(values, highest).map((points) => (
        <polyline key={points} points={points} />
      ))}
    </svg>
  );
}

/** The points of each stretch without a gap. A single value is a short line. */
function lines(values: readonly (number | null)[], highest: number): string[] {
  const all: string[][] = [[]];
  const step = width / Math.max(1, values.length - 1);
  for (const [at, value] of values.entries()) {
    if (value === null) {
      if (all.at(-1)!.length > 0) all.push([]);
      continue;
    }
    const y = (height - 2 - (height - 4) * Math.min(1, value / highest)).toFixed(1);
    const last = all.at(-1)!;
    if (last.length === 0) last.push(`${Math.max(0, at * step - step / 2).toFixed(1)},${y}`);
    last.push(`${(at * step).toFixed(1)},${y}`);
  }
  return all.filter((points) => points.length > 0).map((points) => points.join(' '));
}
