// Checks a structured answer against the job's schema, because the service follows schemas only in part.

import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import type { JsonObject, JsonValue } from '../../job/task.ts';

/** Parses the text and checks it; throws `AttemptFailed` (`OutputInvalid`). */
export type SchemaCheck = (text: string) => JsonValue;

/** The check for a schema, or undefined without one. Throws `AttemptFailed` (`RequestRefused`) for an invalid schema. */
export function schemaCheck(schema: JsonObject | undefined): SchemaCheck | undefined {
  if (schema === undefined) return undefined;
  const validate = compile(schema);
  return (text) => {
    const value = parse(text);
    if (!validate(value)) throw invalid(`The answer does not match the schema: ${problemsOf(validate)}`);
    return value;
  };
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

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw invalid(`The answer is not JSON: it starts with ${JSON.stringify(text.slice(0, 60))}`);
  }
}

function problemsOf(validate: ValidateFunction): string {
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message ?? ''}`,
  );
  return problems.slice(0, 3).join('; ').slice(0, 300);
}

const invalid = (message: string): AttemptFailed => new AttemptFailed(taskError('OutputInvalid', message));
