// What the reference pages list, to be compared with what the code has.

/** The names in backticks that open a table row (its whole first cell) or stand in a heading, cut at a label list. */
export function listedNames(markdown: string, form: RegExp): string[] {
  const openings = [...markdown.matchAll(/^(?:\|([^|\n]*)\||#{2,4} (.*))/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  const names = openings.flatMap((opening) => [...opening.matchAll(/`([^`{]+)[^`]*`/g)].map((match) => match[1]!));
  return [...new Set(names.filter((name) => form.test(name)))];
}

/** What one side has and the other lacks, as sentences; none when both list the same. */
export function differences(inCode: readonly string[], inDocs: readonly string[], page: string): string[] {
  return [
    ...inCode.filter((name) => !inDocs.includes(name)).map((name) => `${page} does not list ${name}`),
    ...inDocs.filter((name) => !inCode.includes(name)).map((name) => `${page} lists ${name}, which does not exist`),
  ];
}
