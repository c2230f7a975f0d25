// Rows of results as a Markdown table: the first column to the left, the others to the right, in the order of `columns`.

type Cell = string | number | undefined;

/** `columns` gives each key its title; what is undefined is a dash. Ends with a line break. */
export function markdownTable<Row extends { readonly [K in keyof Row]: Cell }>(
  columns: Readonly<Record<keyof Row, string>>,
  rows: readonly Row[],
): string {
  const keys = Object.keys(columns) as (keyof Row)[];
  const cells = [keys.map((key) => columns[key]), ...rows.map((row) => keys.map((key) => String(row[key] ?? '–')))];
  const widths = keys.map((_, at) => Math.max(3, ...cells.map((line) => line[at]!.length)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return `${[line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n')}\n`;
}
