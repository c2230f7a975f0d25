// Paths into the output of another task, such as `beats[0].title`.

import { count } from '../explain/format.ts';
import type { JsonValue } from '../task.ts';

export type Path = readonly (string | number)[];

const step = /\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[(\d{1,6})\]|\["([^"\\{}]*)"\]/uy;

/** Undefined if the text is no path. An empty one names the whole output. */
export function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  step.lastIndex = 0;
  for (let at = 0; at < text.length; at = step.lastIndex) {
    const found = step.exec(text);
    if (found === null) return undefined;
    path.push(found[2] === undefined ? (found[1] ?? found[3]!) : Number(found[2]));
  }
  return path;
}

export type Found = { readonly value: JsonValue } | { readonly missing: string };

/** The value at the path; otherwise the end of a sentence about the first step that is missing. */
export function valueAt(output: JsonValue, path: Path): Found {
  let value = output;
  for (const [depth, key] of path.entries()) {
    const next = stepInto(value, key);
    if (next === undefined) return { missing: whatThereIs(value, `output${pathText(path.slice(0, depth))}`) };
    value = next;
  }
  return { value };
}

function stepInto(value: JsonValue, key: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return value[key];
}

const pathText = (path: Path): string => path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');

const namesShown = 10;

function whatThereIs(value: JsonValue, where: string): string {
  if (Array.isArray(value)) return `${where} has ${count(value.length, 'item')}`;
  if (typeof value !== 'object' || value === null)
    return `${where} is ${value === null ? 'null' : `a ${typeof value}`}`;
  const names = Object.keys(value).map((name) => name.slice(0, 50));
  const more = names.length > namesShown ? `, and ${names.length - namesShown} more` : '';
  return `${where} has ${names.length === 0 ? 'no fields' : `the fields ${names.slice(0, namesShown).join(', ')}`}${more}`;
}
