// Reads what a PromQL expression asks for: enough of the language for the rules of this repository.

export interface Selector {
  readonly metric: string;
  /** The labels of its matchers. */
  readonly labels: readonly string[];
}

const words = new Set(['by', 'on', 'ignoring', 'and', 'or', 'unless', 'offset', 'bool', 'group_left', 'group_right']);

/** Every selector of series. Names that are called are functions. */
export function selectorsOf(expr: string): Selector[] {
  const withoutLists = expr.replaceAll(/\b(?:by|on|ignoring)\s*\([^)]*\)|\b[0-9]+[a-z]+\b/g, ' ');
  const found = withoutLists.matchAll(/(?<![\w:."%])([a-z_][\w:]*)(\{(?:[^}"]|"[^"]*")*\})?(\s*\()?/gi);
  return [...found].flatMap(([, metric, matchers = '', called]) =>
    called !== undefined || words.has(metric!) ? [] : [{ metric: metric!, labels: labelsOf(matchers) }],
  );
}

const labelsOf = (matchers: string): string[] =>
  [...matchers.matchAll(/([a-z_]\w*)\s*(?:=~|!~|!=|=)\s*"[^"]*"/g)].map(([, label]) => label!);

/** The labels that the expression groups by or matches on. */
export const groupingLabels = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:by|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    list!
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
