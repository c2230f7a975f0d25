// Equality of JSON values in linear time: each value has one text, whatever the order of its keys.

import type { JsonValue } from '../../job/task.ts';

export const areDistinct = (items: readonly JsonValue[]): boolean => new Set(items.map(textOf)).size === items.length;

/** Tells whether a value is one of `values`. */
export function membership(values: readonly JsonValue[]): (value: JsonValue) => boolean {
  const texts = new Set(values.map(textOf));
  return (value) => texts.has(textOf(value));
}

function textOf(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${textOf(one)}`).join()}}`;
}
