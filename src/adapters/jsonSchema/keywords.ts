// The keywords that are checked, in every draft and in Gemini's dialect, and the form of their values. All others are hints
// for the model, such as `format` and `propertyOrdering`.

import type { JsonObject, JsonValue } from '../../job/task.ts';

/** How a keyword holds subschemas. */
export type Holding = 'schema' | 'list' | 'map' | 'schema or list' | 'map of schemas or names';

export interface Holder {
  readonly holding: Holding;
  /** The subschemas apply to the same value, so that a cycle of them would never end. */
  readonly isInPlace?: true;
  /** The subschemas apply only through a `$ref`. */
  readonly isIdle?: true;
}

export const holders: ReadonlyMap<string, Holder> = new Map([
  ['allOf', { holding: 'list', isInPlace: true }],
  ['anyOf', { holding: 'list', isInPlace: true }],
  ['oneOf', { holding: 'list', isInPlace: true }],
  ['not', { holding: 'schema', isInPlace: true }],
  ['if', { holding: 'schema', isInPlace: true }],
  ['then', { holding: 'schema', isInPlace: true }],
  ['else', { holding: 'schema', isInPlace: true }],
  ['dependentSchemas', { holding: 'map', isInPlace: true }],
  ['dependencies', { holding: 'map of schemas or names', isInPlace: true }],
  ['properties', { holding: 'map' }],
  ['patternProperties', { holding: 'map' }],
  ['additionalProperties', { holding: 'schema' }],
  ['unevaluatedProperties', { holding: 'schema' }],
  ['propertyNames', { holding: 'schema' }],
  ['items', { holding: 'schema or list' }],
  ['prefixItems', { holding: 'list' }],
  ['additionalItems', { holding: 'schema' }],
  ['unevaluatedItems', { holding: 'schema' }],
  ['contains', { holding: 'schema' }],
  ['$defs', { holding: 'map', isIdle: true }],
  ['definitions', { holding: 'map', isIdle: true }],
]);

/** The problem of a value, or undefined. */
type Form = (value: JsonValue) => string | undefined;

export const assertions: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['$ref', text],
  ['type', typeProblem],
  ['enum', (value) => (Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of at least one value')],
  ['const', () => undefined],
  ['multipleOf', (value) => (typeof value === 'number' && value > 0 ? undefined : 'must be a number greater than 0')],
  ['minimum', number],
  ['maximum', number],
  ['exclusiveMinimum', numberOrFlag],
  ['exclusiveMaximum', numberOrFlag],
  ['minLength', count],
  ['maxLength', count],
  ['minItems', count],
  ['maxItems', count],
  ['minContains', count],
  ['maxContains', count],
  ['minProperties', count],
  ['maxProperties', count],
  ['pattern', text],
  ['uniqueItems', flag],
  ['nullable', flag],
  ['required', names],
  ['dependentRequired', namesByName],
]);

export const isCount = (keyword: string): boolean => assertions.get(keyword) === count;

/** Keywords whose effect would be missing in silence, and what to write instead. */
export const refused: ReadonlyMap<string, string> = new Map([
  ['$dynamicRef', 'is not supported; use $ref'],
  ['$recursiveRef', 'is not supported; use $ref'],
  ['$async', 'is not supported; leave it out'],
]);

const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/** A type in lower case; Gemini's own dialect writes them in capitals. */
export const typeOf = (given: string): string => given.toLowerCase();

function typeProblem(value: JsonValue): string | undefined {
  const given: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  const wrong = given.find((one) => typeof one !== 'string' || !types.includes(typeOf(one)));
  if (wrong === undefined && given.length > 0) return undefined;
  const shown = wrong === undefined ? 'an empty list' : JSON.stringify(wrong).slice(0, 40);
  return `is ${shown}, but must be one of ${types.join(', ')}`;
}

function text(value: JsonValue): string | undefined {
  return typeof value === 'string' ? undefined : 'must be a string';
}

function number(value: JsonValue): string | undefined {
  return typeof value === 'number' ? undefined : 'must be a number';
}

/** Draft 4 writes `minimum: 1, exclusiveMinimum: true`. */
function numberOrFlag(value: JsonValue): string | undefined {
  return typeof value === 'boolean' ? undefined : number(value);
}

/** Gemini's own dialect writes 64-bit integers as text. */
function count(value: JsonValue): string | undefined {
  const given = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(given) && (given as number) >= 0 ? undefined : 'must be a whole number of at least 0';
}

function flag(value: JsonValue): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function names(value: JsonValue): string | undefined {
  return isNames(value) ? undefined : 'must be a list of property names';
}

function namesByName(value: JsonValue): string | undefined {
  const isForm = isObject(value) && Object.values(value).every(isNames);
  return isForm ? undefined : 'must map names to lists of property names';
}

export const isNames = (value: JsonValue): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
