// Converts the JSON Schema that zod generates to a structural schema, which Kubernetes requires.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema

import { z } from 'zod';

export interface Structural {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly additionalProperties?: Structural;
  readonly items?: Structural;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly [keyword: string]: unknown;
}

/** A validation rule in CEL. `fieldPath` is the path that the message names, relative to the rule. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** Additions to a schema that JSON Schema cannot express, or that only a custom resource needs. */
export interface Extras {
  readonly rules?: readonly Rule[];
  readonly [keyword: string]: unknown;
}

type Json = Record<string, unknown>;

/** Converts the input schema; `extrasOf` is called for every schema in it. */
export function structuralOf(schema: z.ZodType, extrasOf: (schema: unknown) => Extras | undefined): Structural {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { rules, ...keywords } = extrasOf(zodSchema) ?? {};
      Object.assign(jsonSchema, keywords);
      if (rules !== undefined) (jsonSchema as Json)['x-kubernetes-validations'] = rules;
    },
  });
  return structural(json);
}

function structural(json: Json): Structural {
  const merged = withoutAlternatives(json);
  const kept = Object.entries(merged).filter(([keyword]) => !dropped.has(keyword));
  const result = Object.fromEntries(
    kept.map(([keyword, value]) => [keyword, convert[keyword]?.(value as never) ?? value]),
  ) as Structural;
  const free = isFree(result);
  return { ...result, ...(free && { 'x-kubernetes-preserve-unknown-fields': true }) };
}

/** The API server rejects (`fieldValidation: Strict`) or drops unknown fields without a keyword for it. */
const dropped = new Set(['$schema', 'propertyNames', 'readOnly', 'id']);

const convert: Record<string, ((value: never) => unknown) | undefined> = {
  properties: (all: Record<string, Json>) =>
    Object.fromEntries(Object.entries(all).map(([name, each]) => [name, structural(each)])),
  items: (item: Json) => structural(item),
  additionalProperties: (each: Json) => structural(each),
  // Go's notation for code points differs from JSON Schema's.
  pattern: (pattern: string) => pattern.replaceAll('\u200d', String.raw`\x{200D}`),
};

/** A structural schema has one type; Kubernetes keywords express null and "a number or a string". */
function withoutAlternatives({ anyOf, additionalProperties, exclusiveMinimum, ...json }: Json): Json {
  // OpenAPI 3.0 notation. Kubernetes ignores the fraction of a `minimum` for whole numbers.
  if (exclusiveMinimum !== undefined) Object.assign(json, { minimum: exclusiveMinimum, exclusiveMinimum: true });
  if (additionalProperties !== undefined && hasKeys(additionalProperties))
    json['additionalProperties'] = additionalProperties;
  if (json['format'] === 'date-time') delete json['pattern'];
  if (anyOf === undefined) return json;
  const alternatives = anyOf as Json[];
  const [text, number] = ['string', 'integer'].map((wanted) => alternatives.find(({ type }) => type === wanted));
  if (text !== undefined && alternatives.some(({ type }) => type === 'null'))
    return { ...text, ...json, nullable: true };
  // The operator checks what no structural schema can say.
  if (text !== undefined && alternatives.some(({ type }) => type === 'object')) return json;
  if (text === undefined || number === undefined) throw new Error(`no structural schema says ${JSON.stringify(anyOf)}`);
  const { pattern, maxLength } = text;
  const types = [{ type: 'integer' }, { type: 'string' }];
  const { minimum } = number;
  return { ...json, anyOf: types, minimum, pattern, maxLength, 'x-kubernetes-int-or-string': true };
}

const hasKeys = (value: unknown): boolean => typeof value === 'object' && Object.keys(value ?? {}).length > 0;

function isFree(schema: Structural): boolean {
  if (schema.type === undefined) return schema['x-kubernetes-int-or-string'] === undefined;
  return schema.type === 'object' && schema.properties === undefined && schema.additionalProperties === undefined;
}
