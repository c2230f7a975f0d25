// Sparklines: values over time as blocks of eighths, `▁▂▅█`.

const blocks = '▁▂▃▄▅▆▇█';

/**
 * One block for each value. 0 is the lowest block, and no other value is; `max` is the highest, by default the largest value. Null is
 * a blank: there is no value.
 */
export function sparkline(values: readonly (number | null)[], max = largest(values)): string {
  return values.map((value) => (value === null ? ' ' : blocks[levelOf(value, max)])).join('');
}

/** The values in `count` groups of neighbours, whose sizes differ by at most one. */
export function grouped<T>(values: readonly T[], count: number): T[][] {
  const groups = Math.min(count, values.length);
  const bound = (at: number): number => Math.floor((at * values.length) / groups);
  return Array.from({ length: groups }, (_, at) => values.slice(bound(at), bound(at + 1)));
}

const largest = (values: readonly (number | null)[]): number => Math.max(0, ...values.map((value) => value ?? 0));

function levelOf(value: number, max: number): number {
  if (value <= 0 || max <= 0) return 0;
  const top = blocks.length - 1;
  return Math.min(top, Math.max(1, Math.ceil((value / max) * top)));
}
