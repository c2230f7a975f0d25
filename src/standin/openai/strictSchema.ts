// The rules of OpenAI's structured outputs: which schemas it refuses, in its words.

import { invalid } from './openaiError.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Throws OpenAIError 400. */
export function checkSchema(name: string, schema: unknown, strict: boolean): void {
  const root = isSchema(schema) ? schema : {};
  const refuse: Refuse = (why, path = []) => {
    const context = path.length === 0 ? 'In context=()' : `In context=(${path.map((step) => `'${step}'`).join(', ')})`;
    throw invalid(
      `Invalid schema for response_format '${name}': ${context}, ${why}.`,
      'text.format.schema',
      'invalid_json_schema',
    );
  };
  if (root['type'] !== 'object')
    refuse(`schema must be a JSON Schema of 'type: "object"', got 'type: "${typeOf(root)}"'`);
  if (strict) checkStrict(root, [], refuse);
}

type Refuse = (why: string, path?: readonly string[]) => never;

const permitted = new Set(
  'type properties required additionalProperties items enum const anyOf $ref $defs definitions title description $schema pattern format minItems maxItems multipleOf minimum maximum exclusiveMinimum exclusiveMaximum'.split(
    ' ',
  ),
);

function checkStrict(schema: unknown, path: readonly string[], refuse: Refuse): void {
  if (!isSchema(schema)) return refuse('schema must be an object', path);
  if (path.length > 60) return refuse('schema exceeds the nesting limit', path);
  const other = Object.keys(schema).find((keyword) => !permitted.has(keyword));
  if (other !== undefined) refuse(`'${other}' is not permitted`, path);
  if (!['type', 'anyOf', '$ref', 'enum', 'const'].some((keyword) => keyword in schema))
    refuse(`schema must have a 'type' key`, path);
  checkObject(schema, path, refuse);
  if (typeOf(schema) === 'array' && schema['items'] === undefined) refuse('array schema missing items', path);
  if (schema['items'] !== undefined) checkStrict(schema['items'], [...path, 'items'], refuse);
  for (const group of ['properties', '$defs', 'definitions']) {
    for (const [name, one] of Object.entries(schema[group] ?? {})) checkStrict(one, [...path, group, name], refuse);
  }
  const branches: unknown[] = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  for (const [at, one] of branches.entries()) checkStrict(one, [...path, 'anyOf', String(at)], refuse);
}

function checkObject(schema: Schema, path: readonly string[], refuse: Refuse): void {
  const { type, properties = {}, required = [], additionalProperties } = schema;
  if (type !== 'object' && !(Array.isArray(type) && type.includes('object'))) return;
  if (additionalProperties !== false) refuse("'additionalProperties' is required to be supplied and to be false", path);
  const names = Object.keys(properties as Schema);
  const missing = names.find((name) => !(required as string[]).includes(name));
  if (missing !== undefined) {
    const rule = "'required' is required to be supplied and to be an array including every key in properties";
    refuse(`${rule}. Missing '${missing}'`, path);
  }
  const extra = (required as string[]).find((name) => !names.includes(name));
  if (extra !== undefined) refuse(`Extra required key '${extra}' supplied`, path);
}

const typeOf = ({ type }: Schema): string => (typeof type === 'string' ? type : 'None');

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
