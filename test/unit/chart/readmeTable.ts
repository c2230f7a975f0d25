// The table of values in the chart's README, made from values.yaml.
import type { Value } from './files.ts';

/** One row a value, groups aside. */
export function readmeTable(values: readonly Value[]): string {
  const rows = values.filter(({ isGroup }) => !isGroup).map((value) => `| ${cells(value, values).join(' | ')} |`);
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function cells({ path, value, comment }: Value, values: readonly Value[]): string[] {
  return [`\`${path}\``, `\`${JSON.stringify(value)}\``, meaning(path, comment, values)].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
}

/** A value's own comment may lean on its group's: "Whether there is one." */
function meaning(path: string, comment: string, values: readonly Value[]): string {
  const group = values.find((each) => each.path === path.split('.').slice(0, -1).join('.'));
  return group === undefined ? comment : `${group.comment} ${comment}`;
}
