// Checks the schemas of a submit before anything is stored, each of them once.

import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { CheckRequest } from '../../job/resultCheck.ts';
import type { JsonObject } from '../../job/task.ts';
import type { SchemaChecker } from '../../ports/schemaChecker.ts';
import type { SubmitBody } from './body.ts';

/** Of all schemas of a job, bytes as JSON. */
const mostBytes = 1024 * 1024;

const maxProblems = 50;

/** `check`: the check of the job's results, its own or its pool's. Throws `InvalidRequest` with the places of all problems, such as `tasks[2].input.schema.properties.a.pattern`. */
export async function checkSchemas(
  body: SubmitBody,
  check: CheckRequest | undefined,
  schemas: Pick<SchemaChecker, 'problems'>,
  tenant: string,
): Promise<void> {
  const places = [...placesOf(body), ...checkPlace(check)];
  const problems: FieldError[] = [];
  let bytes = 0;
  for (const [schema, path] of places) {
    bytes += Buffer.byteLength(JSON.stringify(schema));
    if (bytes > mostBytes) throw invalidRequest([...problems, { path, message: tooManyBytes }]);
    for (const problem of await schemas.problems(schema, tenant))
      problems.push({ path: `${path}${problem.path}`, message: problem.message });
    if (problems.length >= maxProblems) break;
  }
  if (problems.length > 0) throw invalidRequest(problems.slice(0, maxProblems));
}

const checkPlace = (check: CheckRequest | undefined): readonly (readonly [JsonObject, string])[] =>
  check?.schema === undefined ? [] : [[check.schema, 'policy.check.schema']];

const tooManyBytes =
  'makes the schemas of all tasks larger than 1 MiB together; put a shared schema into the input of the job';

function placesOf({ input, tasks = [] }: SubmitBody): readonly (readonly [JsonObject, string])[] {
  const own = tasks.map((task, index) => [task.input?.schema, `tasks[${index}].input.schema`] as const);
  return [[input?.schema, 'input.schema'] as const, ...own].flatMap(([schema, path]) =>
    schema === undefined ? [] : [[schema, path] as const],
  );
}
