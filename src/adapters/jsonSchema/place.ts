// Places in a schema: as JSON pointers, which references name, and as a person reads them.

import type { JsonValue } from '../../job/task.ts';
import { isObject } from './keywords.ts';

export type Path = readonly (string | number)[];

export const pointerOf = (path: Path): string => path.map((step) => `/${escaped(String(step))}`).join('');

const escaped = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** Such as `.properties.a.anyOf[0]`; a very long one without its middle. */
export function pathText(path: Path): string {
  const text = path.map(stepText).join('');
  return text.length > 400 ? `${text.slice(0, 200)}…${text.slice(-200)}` : text;
}

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  if (/^[A-Za-z_$][\w$]{0,99}$/.test(step)) return `.${step}`;
  return `[${JSON.stringify(step.length > 60 ? `${step.slice(0, 60)}…` : step)}]`;
}

/** The value at a pointer such as `/$defs/node`, relative to `from`; undefined if there is none. */
export function follow(root: JsonValue, from: Path, pointer: string): { path: Path; value: JsonValue } | undefined {
  let value: JsonValue | undefined = root;
  for (const step of from) value = childOf(value, step);
  const path = [...from];
  for (const step of pointer.split('/').slice(1).map(unescaped)) {
    const key: string | number = Array.isArray(value) && /^(?:0|[1-9]\d{0,9})$/.test(step) ? Number(step) : step;
    value = childOf(value, key);
    path.push(key);
  }
  return value === undefined ? undefined : { path, value };
}

function childOf(value: JsonValue | undefined, step: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}
