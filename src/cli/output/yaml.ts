// JSON data as YAML 1.2 in block style. Strings that could be read as anything else, or span lines, are double-quoted.

/** Plain data as JSON has it; `undefined` is left out of objects, as JSON does. */
export function toYaml(value: unknown): string {
  return `${block(value, 0).join('\n')}\n`;
}

/** The lines of a value at an indentation of `depth` levels. */
function block(value: unknown, depth: number): string[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item: unknown) => listItem(item, depth));
  if (isObject(value) && Object.keys(present(value)).length > 0) {
    return Object.entries(present(value)).flatMap(([key, child]) => mappingEntry(key, child, depth));
  }
  return [scalar(value)];
}

function mappingEntry(key: string, value: unknown, depth: number): string[] {
  const head = `${'  '.repeat(depth)}${stringScalar(key)}:`;
  return isInline(value) ? [`${head} ${scalar(value)}`] : [head, ...block(value, depth + 1)];
}

/** The first line of a collection stands beside its dash, which takes the place of one level of indentation. */
function listItem(value: unknown, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (isInline(value)) return [`${indent}- ${scalar(value)}`];
  const [first, ...rest] = block(value, depth + 1);
  return [`${indent}- ${first!.trimStart()}`, ...rest];
}

function isInline(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isObject(value) || Object.keys(present(value)).length === 0;
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'string') return stringScalar(value);
  if (value === null || value === undefined) return 'null';
  return typeof value === 'object' ? '{}' : JSON.stringify(value);
}

// Letters first, so nothing that looks like a number, a date or an indicator; `: ` and ` #` cannot occur.
const plain = /^[A-Za-z][\w./-]*(?: [\w./-]+)*$/;
// Booleans and null of YAML 1.1 and 1.2: readers of both are about.
const reserved = /^(?:true|false|yes|no|on|off|y|n|null)$/i;

function stringScalar(text: string): string {
  return plain.test(text) && !reserved.test(text) ? text : quoted(text);
}

/** JSON's form, with the characters escaped that JSON lets through and YAML does not, or would take for a line's end. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function present(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== undefined));
}
