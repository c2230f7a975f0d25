// Checks a structured answer against the job's schema, because the service follows schemas only in part.

import { AttemptFailed, taskError } from '../../job/errors/index.ts';
import type { JsonObject, JsonValue } from '../../job/task.ts';
import type { SchemaChecker, SchemaVerdict } from '../../ports/schemaChecker.ts';

export type SchemaCheck = (value: JsonValue) => Promise<SchemaVerdict>;

/** Throws `AttemptFailed` (`SchemaUncheckable`) for an invalid schema. */
export async function schemaCheck(
  schema: JsonObject,
  schemas: SchemaChecker,
  signal: AbortSignal,
): Promise<SchemaCheck> {
  const [problem] = await schemas.problems(schema);
  if (problem === undefined) {
    return (value) => {
      // An answer can hold many pieces that are checked one after the other.
      signal.throwIfAborted();
      return schemas.check(schema, value);
    };
  }
  throw new AttemptFailed(
    taskError('SchemaUncheckable', `input.schema${problem.path} ${problem.message}`.slice(0, 600)),
  );
}
