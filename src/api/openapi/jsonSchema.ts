// JSON Schemas for the OpenAPI document, made from the zod schemas of the routes. Schemas with an id become components.

import { z } from 'zod';
import { jsonTexts } from '../view/eventSchemas.ts';

/** An object of JSON Schema 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = { [key: string]: unknown };

/** Collects the components while the schemas of the routes are converted. */
export class SchemaComponents {
  readonly #named = new Map<string, JsonSchema>();

  /** By name, in alphabetical order. */
  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What a client may send (`input`), or what it gets (`output`). Throws if two shapes have the same name. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    // A schema is extracted by its id only below the root.
    const converted = z.toJSONSchema(z.object({ root: schema }), {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        adapt(jsonSchema, io);
        const held = jsonTexts.get(zodSchema);
        if (held === undefined) return;
        Object.assign(jsonSchema, { contentMediaType: 'application/json', contentSchema: this.of(held, io) });
      },
    });
    const { $defs = {}, properties } = withComponentReferences(converted) as {
      $defs?: Record<string, JsonSchema>;
      properties: { root: JsonSchema };
    };
    for (const [name, definition] of Object.entries($defs)) this.#add(name, definition);
    return properties.root;
  }

  #add(name: string, definition: JsonSchema): void {
    const other = this.#named.get(name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(definition)) {
      throw new Error(
        `The OpenAPI document has two schemas with the name ${name}: what clients send and what they get`,
      );
    }
    this.#named.set(name, definition);
  }
}

function adapt(schema: JsonSchema, io: 'input' | 'output'): void {
  // It is the name of the component.
  delete schema['id'];
  // A client must accept what a later version adds to an answer.
  if (io === 'output' && schema['additionalProperties'] === false) delete schema['additionalProperties'];
  // Classes of Unicode are no part of the regular expressions that all tools know; the description says what they allow.
  if (String(schema['pattern']).includes('\\p{')) delete schema['pattern'];
  // The pattern of a time repeats its format in 300 characters.
  if (schema['format'] === 'date-time') delete schema['pattern'];
}

function withComponentReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withComponentReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) =>
      key === '$ref'
        ? [key, String(each).replace('#/$defs/', '#/components/schemas/')]
        : [key, withComponentReferences(each)],
    ),
  );
}
