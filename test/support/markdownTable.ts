// A Markdown table of results: the first column aligned left, the others right.

/** `lines` are the rows below `titles`. Ends with a line break. */
export function markdownTable(titles: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = titles.map((title, at) => Math.max(3, title.length, ...lines.map((line) => line[at]!.length)));
  const row = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => (at === 0 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return `${[row(titles), rule, ...lines.map(row)].join('\n')}\n`;
}
