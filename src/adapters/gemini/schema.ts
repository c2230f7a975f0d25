// Checks a structured answer against the job's schema, because the service follows schemas only in part.

import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import type { JsonObject, JsonValue } from '../../job/task.ts';

/** What is wrong with a value, for a person and for the model; undefined if it matches the schema. */
export type SchemaCheck = (value: JsonValue) => string | undefined;

/** The check for a schema, or undefined without one. Throws `AttemptFailed` (`RequestRefused`) for an invalid schema. */
export function schemaCheck(schema: JsonObject | undefined): SchemaCheck | undefined {
  if (schema === undefined) return undefined;
  const validate = compile(schema);
  return (value) => (validate(value) ? undefined : problemsOf(validate));
}

// Formats and unknown keywords (`propertyOrdering`) are hints for the model, which are not checked.
const options: Options = { strict: false, validateFormats: false, logger: false, addUsedSchema: false };

function compile({ $schema, ...schema }: JsonObject): ValidateFunction {
  const isOlder = typeof $schema === 'string' && /draft-0[467]/.test($schema);
  try {
    // A new compiler each time: a shared one would keep every schema forever.
    const validate = (isOlder ? new Ajv(options) : new Ajv2020(options)).compile(schema);
    if ('$async' in validate) throw new Error('$async schemas cannot be checked');
    return validate;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AttemptFailed(taskError('RequestRefused', `input.schema cannot be used: ${why.slice(0, 300)}`));
  }
}

function problemsOf(validate: ValidateFunction): string {
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message ?? ''}`,
  );
  return problems.slice(0, 3).join('; ').slice(0, 300);
}
