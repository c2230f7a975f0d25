// Schemas for the output of text tasks: a schema of zod or another library of Standard Schema, or a JSON Schema. Only their forms are
// known here, so that the client depends on no library.

import type { Json } from './types/job.ts';

export type JsonSchema = { [key: string]: Json };

/** https://standardschema.dev, as zod 4, Valibot and ArkType implement it. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
    /** Absent in older versions. */
    readonly jsonSchema?: { readonly input: (options: { target: 'draft-2020-12' }) => Record<string, unknown> };
  };
}

type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** `T` is what the schema makes of a valid output. */
export type OutputSchema<T> = StandardSchema<T> | JsonSchema;

/** What the model has to write, before the schema's own defaults and transformations. Throws `TypeError` if the schema cannot say. */
export function jsonSchemaOf(schema: OutputSchema<unknown>): JsonSchema {
  if (!isStandard(schema)) return schema;
  const { jsonSchema } = schema['~standard'];
  if (jsonSchema === undefined) {
    throw new TypeError(
      'The schema does not give its JSON Schema: pass that in input.schema, for zod before 4.2 as z.toJSONSchema(schema)',
    );
  }
  return jsonSchema.input({ target: 'draft-2020-12' }) as JsonSchema;
}

export interface OutputIssue {
  /** `steps[2].name`; empty for the whole output. */
  readonly path: string;
  readonly message: string;
}

/** A JSON Schema accepts each output, because a worker has checked it. */
export async function checkedOutput<T>(
  output: Json,
  schema: OutputSchema<T> | undefined,
): Promise<{ readonly value: T } | { readonly issues: readonly OutputIssue[] }> {
  if (schema === undefined || !isStandard(schema)) return { value: output as T };
  const result = await schema['~standard'].validate(output);
  if (result.issues === undefined) return { value: result.value };
  return { issues: result.issues.map(({ path = [], message }) => ({ path: pathText(path), message })) };
}

const isStandard = <T>(schema: OutputSchema<T>): schema is StandardSchema<T> =>
  typeof (schema as Partial<StandardSchema<T>>)['~standard'] === 'object';

function pathText(path: NonNullable<StandardIssue['path']>): string {
  const keys = path.map((step) => (typeof step === 'object' ? step.key : step));
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
