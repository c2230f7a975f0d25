// The chart's files as tests read them: the values with their comments, the schema, the templates.
import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';
import { filesUnder, root } from '../../tidy/repository.ts';
import type { SourceFile } from '../../tidy/repository.ts';

export const chart = 'charts/genwarden';

export const readChart = (path: string): string => readFileSync(`${root}/${chart}/${path}`, 'utf8');

/** A key of values.yaml, at any depth. */
export interface Value {
  /** Such as `api.service.port`. */
  readonly path: string;
  /** What the lines above it say, as one text. */
  readonly comment: string;
  readonly value: unknown;
  /** Whether it holds other values of the chart. */
  readonly isGroup: boolean;
}

export function chartValues(text = readChart('values.yaml')): Value[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('values.yaml is no map');
  return valuesOf(contents, '', text);
}

function valuesOf(map: YAMLMap, prefix: string, text: string): Value[] {
  return map.items.flatMap((pair) => {
    const path = `${prefix}${keyOf(pair)}`;
    const isGroup = isMap(pair.value) && pair.value.flow !== true;
    const value = isMap(pair.value) || !isScalar(pair.value) ? jsonOf(pair.value) : pair.value.value;
    const own = { path, comment: commentAbove(pair, text), value, isGroup };
    return isGroup ? [own, ...valuesOf(pair.value as YAMLMap, `${path}.`, text)] : [own];
  });
}

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : String(key));

const jsonOf = (node: unknown): unknown => (node as { toJSON?: () => unknown } | null)?.toJSON?.() ?? null;

/** The comment lines that stand right above the key. */
function commentAbove({ key }: Pair, text: string): string {
  if (!isScalar(key) || key.range === undefined || key.range === null) return '';
  const lines = text.slice(0, key.range[0]).split('\n').slice(0, -1);
  const above: string[] = [];
  for (const line of lines.toReversed()) {
    const found = /^\s*# ?(.*)$/.exec(line);
    if (found === null) break;
    above.unshift(found[1]!);
  }
  return above.join(' ');
}

// oxlint-disable-next-line typescript/no-explicit-any
export type Schema = any;

export const schema: Schema = JSON.parse(readChart('values.schema.json'));

/** The part of the schema that a path of the values falls under; undefined if there is none. */
export function schemaAt(path: string): Schema {
  return path.split('.').reduce<Schema>((at, key) => {
    const open = resolved(at);
    const free = typeof open?.additionalProperties === 'object' ? open.additionalProperties : undefined;
    const shared = (open?.allOf ?? []).map((part: Schema) => resolved(part)?.properties?.[key]);
    // A form that lists no fields, such as a security context, has all those of Kubernetes.
    const any = open !== undefined && open.properties === undefined && free === undefined ? {} : undefined;
    const own = open?.properties?.[key];
    return (own === true ? undefined : own) ?? shared.find((part: Schema) => part !== undefined) ?? free ?? any;
  }, schema);
}

/** The form that a place refers to, or the place itself. */
export function resolved(node: Schema): Schema {
  if (typeof node?.$ref !== 'string') return node;
  return resolved(schema.definitions[node.$ref.replace('#/definitions/', '')]);
}

/** Templates, and the files that they put into objects. */
export const templates: readonly SourceFile[] = ['.yaml', '.tpl', '.txt'].flatMap((ending) =>
  filesUnder(`${chart}/templates`, ending),
);
