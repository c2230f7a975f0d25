// Types in lower case: Gemini's own dialect writes `OBJECT`, but the field for JSON Schemas documents `object`.

import type { JsonObject, JsonValue } from '../../job/task.ts';

/** Keywords that map names to schemas: their keys are not keywords. */
const maps = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
/** Keywords whose values are data. */
const data = new Set(['enum', 'const', 'default', 'example', 'examples']);

/** The schema as it was sent by the client, but for the case of its types. The schema is at most 64 levels deep. */
export function withLowerCaseTypes(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, inKeyword(keyword, value)]));
}

function inKeyword(keyword: string, value: JsonValue): JsonValue {
  if (keyword === 'type') return lowerCase(value);
  if (data.has(keyword)) return value;
  if (!maps.has(keyword) || !isObject(value)) return inValue(value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inValue(one)]));
}

function inValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inValue);
  return isObject(value) ? withLowerCaseTypes(value) : value;
}

function lowerCase(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(lowerCase);
  return typeof value === 'string' ? value.toLowerCase() : value;
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
