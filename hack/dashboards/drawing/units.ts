// Values as Grafana writes them, by the unit of a panel.

/** For example `1.25 K`, `95.2%`, `340 ms`. */
export function written(value: number, unit: string): string {
  if (unit.startsWith('suffix:')) return `${rounded(value)} ${unit.slice('suffix:'.length)}`;
  if (unit === 'percentunit') return `${rounded(value * 100)}%`;
  if (unit === 's') return duration(value);
  if (unit === 'bytes') return scaled(value, 1_024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
  return scaled(value, 1_000, ['', 'K', 'Mil', 'Bil']);
}

function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 0.001) return `${rounded(seconds * 1e6)} µs`;
  if (size < 1) return `${rounded(seconds * 1e3)} ms`;
  if (size < 60) return `${rounded(seconds)} s`;
  return size < 3_600 ? `${rounded(seconds / 60)} mins` : `${rounded(seconds / 3_600)} hours`;
}

function scaled(value: number, base: number, names: readonly string[]): string {
  const power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base));
  const at = Math.min(Math.max(power, 0), names.length - 1);
  return `${rounded(value / base ** at)} ${names[at]}`.trim();
}

/** Three significant digits. */
const rounded = (value: number): string => String(Number(value.toPrecision(3)));
