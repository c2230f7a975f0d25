// Writes a schema of any draft, or of Gemini's dialect, as one of draft 2020-12 without hints: what is compiled.

import type { JsonObject, JsonValue } from '../../job/task.ts';
import { assertions, holders, isCount, isNames, isObject, typeOf } from './keywords.ts';
import { pointerOf, type Path } from './place.ts';
import type { Survey } from './survey.ts';

/** The survey must be without problems. Each target of a reference is written once, however often it is used. */
export function canonical({ root, subschemas }: Survey): JsonObject {
  const names = new Map<string, string>();
  for (const { target } of subschemas.values())
    if (target !== undefined && !names.has(target)) names.set(target, String(names.size));
  const writer = { names, targetOf: (pointer: string) => subschemas.get(pointer)!.target };
  const $defs = Object.fromEntries(
    Array.from(names, ([pointer, name]) => {
      const { path, value } = subschemas.get(pointer)!;
      return [name, written(value, path, writer)];
    }),
  );
  const body = written(root, [], writer);
  return { $defs, ...(isObject(body) ? body : {}) };
}

interface Writer {
  /** The name under `$defs` of each target of a reference, by its pointer. */
  readonly names: ReadonlyMap<string, string>;
  readonly targetOf: (pointer: string) => string | undefined;
}

type Draft = Record<string, JsonValue>;

function written(schema: JsonValue, path: Path, writer: Writer): JsonValue {
  if (!isObject(schema)) return schema;
  const draft: Draft = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (assertions.has(keyword)) writeAssertion(draft, keyword, value, schema);
    else if (holders.has(keyword)) writeHolder(draft, keyword, schema, path, writer);
  }
  const target = writer.targetOf(pointerOf(path));
  if (target !== undefined) draft['$ref'] = refTo(target, writer);
  return schema['nullable'] === true ? withNull(draft) : draft;
}

function writeAssertion(draft: Draft, keyword: string, value: JsonValue, siblings: JsonObject): void {
  if (keyword === '$ref' || keyword === 'nullable') return;
  if (keyword === 'type') draft['type'] = typesOf(value as string | string[]);
  else if (keyword === 'exclusiveMinimum' || keyword === 'exclusiveMaximum') writeExclusive(draft, keyword, siblings);
  else if (!isReplaced(keyword, siblings)) draft[keyword] = isCount(keyword) ? Number(value) : value;
}

const typesOf = (given: string | string[]): JsonValue =>
  Array.isArray(given) ? [...new Set(given.map(typeOf))] : typeOf(given);

/** Draft 4 writes a flag beside the limit. */
function writeExclusive(draft: Draft, keyword: 'exclusiveMinimum' | 'exclusiveMaximum', siblings: JsonObject): void {
  const value = siblings[keyword]!;
  const limit = typeof value === 'number' ? value : value === true ? siblings[inclusive[keyword]] : undefined;
  if (limit !== undefined) draft[keyword] = limit;
}

const inclusive = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' } as const;

/** The limit beside draft 4's flag. */
const isReplaced = (keyword: string, siblings: JsonObject): boolean =>
  (keyword === 'minimum' && siblings['exclusiveMinimum'] === true) ||
  (keyword === 'maximum' && siblings['exclusiveMaximum'] === true);

function writeHolder(draft: Draft, keyword: string, schema: JsonObject, path: Path, writer: Writer): void {
  const value = schema[keyword]!;
  const { holding, isIdle } = holders.get(keyword)!;
  const at = [...path, keyword];
  const isTuple = Array.isArray(schema['items']);
  if (isIdle === true) return;
  if (keyword === 'items' && isTuple) draft['prefixItems'] = held(value, at, writer);
  else if (keyword === 'additionalItems') {
    if (isTuple) draft['items'] = held(value, at, writer);
  } else if (keyword === 'dependencies') writeDependencies(draft, value as JsonObject, at, writer);
  else if (holding === 'map' && isObject(value)) draft[keyword] = mapHeld(value, at, writer);
  else draft[keyword] = held(value, at, writer);
}

/** Later drafts have a keyword each for names and for schemas. */
function writeDependencies(draft: Draft, value: JsonObject, at: Path, writer: Writer): void {
  const isOfNames = ([, one]: [string, JsonValue]): boolean => isNames(one);
  const entries = Object.entries(value);
  const schemas = Object.fromEntries(entries.filter((entry) => !isOfNames(entry)));
  draft['dependentRequired'] = {
    ...(draft['dependentRequired'] as JsonObject),
    ...Object.fromEntries(entries.filter(isOfNames)),
  };
  draft['dependentSchemas'] = { ...(draft['dependentSchemas'] as JsonObject), ...mapHeld(schemas, at, writer) };
}

const mapHeld = (value: JsonObject, at: Path, writer: Writer): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [name, held(one, [...at, name], writer)]));

function held(value: JsonValue, at: Path, writer: Writer): JsonValue {
  if (Array.isArray(value)) return value.map((one, index) => held(one, [...at, index], writer));
  const pointer = pointerOf(at);
  return writer.names.has(pointer) ? { $ref: refTo(pointer, writer) } : written(value, at, writer);
}

const refTo = (pointer: string, { names }: Writer): string => `#/$defs/${names.get(pointer)!}`;

/** Keywords that apply to null as well, so that adding it to the types would not do. */
const appliesToNull = ['enum', 'const', '$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'];

/** OpenAPI's and Gemini's `nullable`: null, or a value that matches the rest. */
function withNull(draft: Draft): Draft {
  const { type } = draft;
  if (type === undefined || appliesToNull.some((keyword) => keyword in draft))
    return { if: { type: 'null' }, else: draft };
  return { ...draft, type: [...new Set([type, 'null'].flat())] };
}
