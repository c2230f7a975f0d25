// `-o jsonpath=TEMPLATE`: the part of kubectl's JSONPath templates that scripts use. Text and `{expressions}`: fields, indexes, `[*]`,
// filters with one comparison, string literals, and `{range …}…{end}`.

import { GenwardenError } from '../../job/errors/index.ts';

type Step = { readonly field: string } | { readonly at: number } | { readonly all: true } | Filter;

interface Filter {
  readonly path: readonly Step[];
  readonly equals: unknown;
  readonly negated: boolean;
}

type Part =
  | { readonly text: string }
  | { readonly path: readonly Step[] }
  | { readonly range: readonly Step[]; readonly body: readonly Part[] };

export type JsonPath = readonly Part[];

/** Throws `UsageError` for what is no template or not supported. A template without braces is one expression, such as `.id`. */
export function parseJsonPath(template: string): JsonPath {
  const pieces = template.includes('{') ? piecesOf(template) : [{ expression: template.trim() }];
  const stack: { range: readonly Step[]; body: Part[] }[] = [{ range: [], body: [] }];
  for (const piece of pieces) {
    const { body } = stack.at(-1)!;
    if ('text' in piece) body.push(piece);
    else if (/^range\s/.test(piece.expression)) stack.push({ range: stepsOf(piece.expression.slice(5)), body: [] });
    else if (piece.expression !== 'end') body.push(partOf(piece.expression));
    else if (stack.length === 1) throw invalid(template, '{end} without {range}');
    else stack.at(-2)!.body.push(stack.pop()!);
  }
  if (stack.length > 1) throw invalid(template, '{range} without {end}');
  return stack[0]!.body;
}

/** The text of the template for `data`. Absent fields are empty, lists of values are separated by spaces, as in kubectl. */
export function jsonPathText(parts: JsonPath, data: unknown): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      if ('range' in part)
        return valuesAt(part.range, data)
          .map((value) => jsonPathText(part.body, value))
          .join('');
      return valuesAt(part.path, data).map(textOf).join(' ');
    })
    .join('');
}

type Piece = { readonly text: string } | { readonly expression: string };

/** Braces within quotes are part of an expression. */
function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: whole, 1: expression = '', index } of template.matchAll(
    /\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*)\}/g,
  )) {
    if (index > at) pieces.push({ text: plainText(template, at, index) });
    pieces.push({ expression: expression.trim() });
    at = index + whole.length;
  }
  return at < template.length ? [...pieces, { text: plainText(template, at, template.length) }] : pieces;
}

function plainText(template: string, from: number, to: number): string {
  const text = template.slice(from, to);
  if (/[{}]/.test(text)) throw invalid(template, `unbalanced braces at ${JSON.stringify(text)}`);
  return text;
}

const partOf = (expression: string): Part =>
  /^["']/.test(expression) ? { text: stringOf(expression) } : { path: stepsOf(expression) };

const step =
  /^(?:\.?\[\s*(?:'([^']*)'|"([^"]*)"|(-?\d+)|(\*)|\?\((.*?)\))\s*\]|\.?(\*)|\.?([\p{L}_$][\p{L}\p{N}_$-]*))/u;

/** `.tasks[0].name`, `$.tasks[*]`, `@`, `.labels['a.b']`, `.tasks[?(@.state=="failed")]`. */
function stepsOf(expression: string): Step[] {
  const steps: Step[] = [];
  let rest = expression.trim().replace(/^[$@]/, '');
  while (rest !== '' && rest !== '.') {
    const match = step.exec(rest);
    if (match === null) throw invalid(expression, `${JSON.stringify(rest)} is not supported`);
    const [whole, quoted, doubleQuoted, index, star, filter, otherStar, name] = match;
    const field = quoted ?? doubleQuoted ?? name;
    if (field !== undefined) steps.push({ field });
    else if (index !== undefined) steps.push({ at: Number(index) });
    else if (filter !== undefined) steps.push(filterOf(filter));
    else if ((star ?? otherStar) !== undefined) steps.push({ all: true });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function filterOf(text: string): Filter {
  const [, path, operator, value] = /^\s*(@[^=!<>]*?)\s*(==|!=)\s*(.+?)\s*$/.exec(text) ?? [];
  if (path === undefined) throw invalid(text, 'a filter is written as ?(@.state=="failed"), with == or !=');
  return { path: stepsOf(path), equals: literalOf(value!), negated: operator === '!=' };
}

function literalOf(text: string): unknown {
  if (/^["']/.test(text)) return stringOf(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(text, 'it is not a string, number, true, false or null');
  }
}

function stringOf(quoted: string): string {
  const inner = /^(["'])(.*)\1$/s.exec(quoted)?.[2];
  if (inner === undefined) throw invalid(quoted, 'its quotes do not match');
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return inner.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

function valuesAt(steps: readonly Step[], data: unknown): unknown[] {
  return steps.reduce<unknown[]>((values, one) => values.flatMap((value) => valuesOf(one, value)), [data]);
}

function valuesOf(one: Step, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('field' in one) return Object.hasOwn(value, one.field) ? [(value as Record<string, unknown>)[one.field]] : [];
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  if ('all' in one) return items;
  if ('at' in one) return Array.isArray(value) && value.at(one.at) !== undefined ? [value.at(one.at)] : [];
  return items.filter((item) => valuesAt(one.path, item).includes(one.equals) !== one.negated);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

const invalid = (what: string, why: string): GenwardenError =>
  new GenwardenError('UsageError', `Not a JSONPath template that Genwarden knows: ${what}: ${why}`);
