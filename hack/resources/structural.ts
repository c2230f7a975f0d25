// Makes a structural schema, as Kubernetes asks for, out of the JSON Schema that zod makes.
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

/** A validation rule in CEL; `fieldPath` is where the message points, below the place of the rule. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/** What a schema gets in a custom resource that JSON Schema cannot say or the API does not ask for. */
export interface Extras {
  readonly rules?: readonly Rule[];
  readonly [keyword: string]: unknown;
}

type Json = Record<string, unknown>;

/** The schema of what is sent; `extrasOf` is asked about every schema in it. */
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

/** A field that is not known is refused (`fieldValidation: Strict`) or dropped by the API server without being told. */
const dropped = new Set(['$schema', 'propertyNames', 'readOnly', 'id']);

const convert: Record<string, ((value: never) => unknown) | undefined> = {
  properties: (all: Record<string, Json>) =>
    Object.fromEntries(Object.entries(all).map(([name, each]) => [name, structural(each)])),
  items: (item: Json) => structural(item),
  additionalProperties: (each: Json) => structural(each),
  // Go's way to write a code point, which JSON Schema's regular expressions do not know.
  pattern: (pattern: string) => pattern.replaceAll('\u200d', String.raw`\x{200D}`),
};

/** A structural schema has one type: null and "a number or text" are said by keywords of Kubernetes. */
function withoutAlternatives({ anyOf, additionalProperties, ...json }: Json): Json {
  if (additionalProperties !== undefined && hasKeys(additionalProperties))
    json['additionalProperties'] = additionalProperties;
  if (json['format'] === 'date-time') delete json['pattern'];
  if (anyOf === undefined) return json;
  const alternatives = anyOf as Json[];
  const [text, number] = ['string', 'integer'].map((wanted) => alternatives.find(({ type }) => type === wanted));
  if (text !== undefined && alternatives.some(({ type }) => type === 'null'))
    return { ...text, ...json, nullable: true };
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
