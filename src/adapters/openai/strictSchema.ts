// How a job's schema is sent. OpenAI enforces a schema only in a subset of JSON Schema ("strict"); others are sent as a description,
// or in words, and Genwarden checks the answer in every case.

import type { JsonObject, JsonValue } from '../../job/task.ts';

/** `words`: as an instruction, because the interface takes only schemas of objects. */
export type SchemaMode = 'strict' | 'loose' | 'words';

export function schemaModeOf(schema: JsonObject): SchemaMode {
  if (schema['type'] !== 'object' || schema['anyOf'] !== undefined) return 'words';
  const limits = { properties: 0, values: 0 };
  const fits = isStrict(schema, 1, limits) && limits.properties <= 5_000 && limits.values <= 1_000;
  return fits ? 'strict' : 'loose';
}

/** Keywords that the subset has, with those that only describe. */
const allowed = new Set(
  'type properties required additionalProperties items enum const anyOf $ref $defs definitions title description $schema pattern format minItems maxItems multipleOf minimum maximum exclusiveMinimum exclusiveMaximum'.split(
    ' ',
  ),
);

const formats = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']);

const deepest = 10;

interface Limits {
  properties: number;
  values: number;
}

function isStrict(schema: JsonValue, depth: number, limits: Limits): boolean {
  if (!isObject(schema) || depth > deepest || !Object.keys(schema).every((keyword) => allowed.has(keyword)))
    return false;
  const { type, format, enum: values, anyOf, items, $defs, definitions } = schema;
  if (Array.isArray(values)) limits.values += values.length;
  if (typeof format === 'string' && !formats.has(format)) return false;
  // Everything needs a type, or another keyword that gives one.
  const isTyped = ['type', 'anyOf', '$ref', 'enum', 'const'].some((keyword) => schema[keyword] !== undefined);
  const parts = [...(Array.isArray(anyOf) ? anyOf : []), ...valuesOf($defs), ...valuesOf(definitions)];
  const isList = type === 'array' || (Array.isArray(type) && type.includes('array'));
  if (!isTyped || (isList && items === undefined)) return false;
  return (
    isWholeObject(schema, limits) &&
    parts.every((part) => isStrict(part, depth, limits)) &&
    valuesOf(schema['properties']).every((part) => isStrict(part, depth + 1, limits)) &&
    (items === undefined || isStrict(items, depth + 1, limits))
  );
}

/** Objects are closed, and all their properties are required. */
function isWholeObject({ type, properties, required, additionalProperties }: JsonObject, limits: Limits): boolean {
  const isOfObjects = type === 'object' || (Array.isArray(type) && type.includes('object'));
  if (!isOfObjects) return properties === undefined;
  const names = isObject(properties) ? Object.keys(properties) : [];
  limits.properties += names.length;
  const needed: readonly JsonValue[] = Array.isArray(required) ? required : [];
  return (
    additionalProperties === false && names.every((name) => needed.includes(name)) && needed.length === names.length
  );
}

const valuesOf = (value: JsonValue | undefined): JsonValue[] => (isObject(value) ? Object.values(value) : []);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
