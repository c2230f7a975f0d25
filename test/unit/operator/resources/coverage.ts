// Which fields of a schema have no example.
import type { Structural } from '../../../../hack/resources/structural.ts';

/** Paths of the fields that none of the values has. */
export function* uncovered(schema: Structural, values: readonly unknown[], at: string): Generator<string> {
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    const path = `${at}.${name}`;
    const found = values.filter(isObject).flatMap((value) => (name in value ? [value[name]] : []));
    if (found.length === 0) yield path;
    else yield* uncovered(each, found, path);
  }
  if (schema.items !== undefined) yield* uncovered(schema.items, values.flat(), `${at}[]`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
