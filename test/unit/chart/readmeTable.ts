// The tables of values in the chart's README, generated from values.yaml.
import type { Value } from './files.ts';

/** One section and table for each group at the top level; the values outside any group come first. */
export function readmeTables(values: readonly Value[]): string {
  const single = values.filter(({ path, isGroup }) => !path.includes('.') && !isGroup);
  const groups = values.filter(({ path, isGroup }) => !path.includes('.') && isGroup);
  return [
    tableOf(single),
    ...groups.map(({ path, comment }) => {
      const leaves = values.filter((value) => value.path.startsWith(`${path}.`) && !value.isGroup);
      return `### ${path}\n\n${comment}\n\n${tableOf(leaves)}`;
    }),
  ].join('\n\n');
}

function tableOf(values: readonly Value[]): string {
  const rows = values.map((value) => `| ${cells(value).join(' | ')} |`);
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

const cells = ({ path, value, comment }: Value): string[] =>
  [`\`${path}\``, `\`${JSON.stringify(value)}\``, comment].map((cell) => cell.replaceAll('|', '\\|'));
