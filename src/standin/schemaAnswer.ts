// A small JSON value that satisfies a JSON Schema (or Gemini's own dialect of it), the same for the same schema.

import { RE2JS } from 're2js';
import { Unanswerable } from './refusal.ts';
import { sampleOf } from './patternSample.ts';

type Schema = Record<string, unknown>;
interface Place {
  root: unknown;
  name: string;
  /** Which element of an array this is for, so that elements differ. */
  index: number;
  depth: number;
  /** How many more values the whole answer may have. */
  readonly budget: { left: number };
}

/** Optional properties and elements are left out below this depth, so that a recursive schema ends. */
const fullDepth = 4;
const greatestDepth = 40;
/** Optional properties are left out after this many values, and an answer with as many more is refused. */
const fullValues = 2_000;

/** Throws Unanswerable for a schema that requires infinite nesting or a huge answer, or has a dangling reference. */
export function answerTo(schema: unknown): unknown {
  return valueOf(schema, { root: schema, name: 'answer', index: 0, depth: 0, budget: { left: fullValues } });
}

function valueOf(schema: unknown, place: Place): unknown {
  if (place.depth > greatestDepth) throw new Unanswerable('The schema requires infinite nesting.');
  place.budget.left -= 1;
  if (place.budget.left < -fullValues) throw new Unanswerable('The schema requires too large an answer.');
  if (!isSchema(schema)) return place.name;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0)
    return schema['enum'][place.index % schema['enum'].length];
  const simpler = simplify(schema, place);
  if (simpler !== undefined) return valueOf(simpler, { ...place, depth: place.depth + 1 });
  const type = typeOf(schema);
  if (type === 'object') return objectOf(schema, place);
  if (type === 'array') return arrayOf(schema, place);
  if (type === 'number' || type === 'integer') return numberOf(schema, place, type);
  if (type === 'boolean') return true;
  return type === 'null' ? null : stringOf(schema, place);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Follows $ref, merges allOf, and picks the first branch of anyOf or oneOf (deep inside the last, which ends recursion). */
function simplify(schema: Schema, place: Place): Schema | undefined {
  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  if (typeof $ref === 'string') return merge(own, resolve(place.root, $ref));
  if (Array.isArray(allOf)) {
    const parts = allOf.filter(isSchema).map((part) => referred(part, place.root));
    return parts.reduce(merge, { ...own, ...without({ anyOf, oneOf }) });
  }
  const branches: unknown = anyOf ?? oneOf;
  if (!Array.isArray(branches) || branches.length === 0) return undefined;
  const branch: unknown = place.depth > fullDepth ? branches.at(-1) : branches[0];
  return isSchema(branch) ? merge(own, branch) : own;
}

/** A part with what its reference leads to, so that parts with a reference each can be merged. */
function referred({ $ref, ...own }: Schema, root: unknown): Schema {
  return typeof $ref === 'string' ? merge(own, resolve(root, $ref)) : own;
}

function without(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

function merge(one: Schema, other: Schema): Schema {
  const merged: Schema = { ...one, ...other };
  if (isSchema(one['properties']) && isSchema(other['properties'])) {
    merged['properties'] = { ...one['properties'], ...other['properties'] };
  }
  const required = [...namesIn(one['required']), ...namesIn(other['required'])];
  if (required.length > 0) merged['required'] = [...new Set(required)];
  return merged;
}

function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

function resolve(root: unknown, reference: string): Schema {
  const steps = reference.split('/').slice(1).map(unescapeStep);
  const found = steps.reduce<unknown>((at, step) => (isSchema(at) ? at[step] : undefined), root);
  if (reference.startsWith('#') && isSchema(found)) return found;
  throw new Unanswerable(`The schema's reference ${reference} leads nowhere.`);
}

function unescapeStep(step: string): string {
  return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
}

function typeOf(schema: Schema): string {
  const given: unknown = Array.isArray(schema['type'])
    ? (schema['type'].find((type) => type !== 'null') ?? 'null')
    : schema['type'];
  if (typeof given === 'string') return given.toLowerCase();
  if ('properties' in schema || 'required' in schema) return 'object';
  return 'items' in schema || 'prefixItems' in schema ? 'array' : 'string';
}

function objectOf(schema: Schema, place: Place): object {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const required = namesIn(schema['required']);
  const optional = isFull(place) ? Object.keys(properties) : [];
  const names = [...new Set([...optional, ...required])].filter((name) => properties[name] !== false);
  const value = (name: string): unknown => valueOf(properties[name], { ...place, name, depth: place.depth + 1 });
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

const isFull = ({ depth, budget }: Place): boolean => depth < fullDepth && budget.left > 0;

/** Drafts before 2020-12 write a tuple as a list of `items`. */
function arrayOf(schema: Schema, place: Place): unknown[] {
  const isTuple = Array.isArray(schema['items']);
  const tuple = isTuple ? schema['items'] : schema['prefixItems'];
  const prefix: unknown[] = Array.isArray(tuple) ? tuple : [];
  const rest = isTuple ? schema['additionalItems'] : schema['items'];
  const least = limit(schema, 'minItems') ?? 0;
  const wanted = isFull(place) ? Math.max(least, prefix.length, rest === false ? 0 : 2) : least;
  const count = Math.min(wanted, limit(schema, 'maxItems') ?? wanted, 1_000);
  const step = place.depth + 1;
  return Array.from({ length: count }, (_, index) => valueOf(prefix[index] ?? rest, { ...place, index, depth: step }));
}

function numberOf(schema: Schema, place: Place, type: 'number' | 'integer'): number {
  const low = limit(schema, 'minimum') ?? limit(schema, 'exclusiveMinimum');
  const high = limit(schema, 'maximum') ?? limit(schema, 'exclusiveMaximum');
  const between = pickBetween(low, high, place.index);
  const step = limit(schema, 'multipleOf') ?? (type === 'integer' ? 1 : undefined);
  if (step === undefined) return between;
  const up = Math.ceil(between / step) * step;
  // Draft 4 writes a flag beside the limit.
  const open = schema['exclusiveMaximum'] === true ? high : limit(schema, 'exclusiveMaximum');
  const isOver = high !== undefined && (up > high || up === open);
  return isOver ? Math.floor(between / step) * step : up;
}

function pickBetween(low: number | undefined, high: number | undefined, index: number): number {
  if (low !== undefined && high !== undefined) return low + ((high - low) * (index + 1)) / (index + 2);
  if (low !== undefined) return low + 1 + index;
  return high === undefined ? 1 + index : high - 1 - index;
}

/** Gemini's dialect writes its 64-bit limits as strings. */
function limit(schema: Schema, name: string): number | undefined {
  const given = schema[name];
  const value = typeof given === 'number' || typeof given === 'string' ? Number(given) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function stringOf(schema: Schema, place: Place): string {
  const known = typeof schema['format'] === 'string' ? formats[schema['format']] : undefined;
  if (known !== undefined) return known;
  const text = place.index === 0 ? place.name : `${place.name} ${place.index + 1}`;
  const padded = text.padEnd(Math.min(limit(schema, 'minLength') ?? 0, 100_000), '.');
  const fitted = padded.slice(0, limit(schema, 'maxLength') ?? padded.length);
  const pattern = schema['pattern'];
  return typeof pattern === 'string' ? matching(pattern, fitted, schema, place.index) : fitted;
}

const common = ['#3a7d44', 'abc', 'native-plants', '12345', '1.0.0', '2026-01-31', '12:30'];

/** No solution for every pattern: common examples, then samples of the pattern. */
function matching(pattern: string, fallback: string, schema: Schema, index: number): string {
  const least = limit(schema, 'minLength') ?? 0;
  const most = limit(schema, 'maxLength') ?? Infinity;
  const samples = [1, 2, 3, 8, least].flatMap((repeats) => sampleOf(pattern, { repeats, index }) ?? []);
  const fits = (text: string): boolean => text.length >= least && text.length <= most;
  const expression = compiled(pattern);
  const isRight = (text: string): boolean => fits(text) && (expression === undefined || expression.test(text));
  // Elements of a list must differ from one another.
  const candidates = [fallback, ...(index === 0 ? common : []), ...samples];
  return candidates.find(isRight) ?? samples.find(fits) ?? fallback;
}

/** RE2, because a pattern can keep JavaScript's own engine busy for hours. Undefined for patterns that RE2 lacks. */
function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch {
    return undefined;
  }
}

const formats: Record<string, string> = {
  'date-time': '2026-01-31T12:30:00Z',
  date: '2026-01-31',
  time: '12:30:00Z',
  duration: 'PT5M',
  email: 'gardener@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000001',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};
