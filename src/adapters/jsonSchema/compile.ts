// Compiles a client's schema with ajv, after everything that could make that unsafe or slow has been ruled out.

import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import type { DataValidateFunction } from 'ajv/dist/types/index.js';
import type { JsonObject, JsonValue } from '../../job/task.ts';
import type { SchemaProblem } from '../../ports/schemaChecker.ts';
import { areDistinct, membership } from './equality.ts';
import { canonical } from './canonical.ts';
import { expansionProblem } from './expansion.ts';
import { isObject } from './keywords.ts';
import { survey, type Survey } from './survey.ts';

/** What is wrong with a value, for a person and for the model; undefined if it matches. */
export type Check = (value: JsonValue) => string | undefined;

export type Compiled =
  | { readonly problems: readonly SchemaProblem[]; readonly check?: undefined }
  | { readonly problems?: undefined; readonly check: Check };

/** Runs without a limit of time: call it in a thread that can be ended. */
export function compileSchema(schema: JsonObject): Compiled {
  const surveyed = survey(schema);
  if (surveyed.problems.length > 0) return { problems: surveyed.problems };
  const endless = expansionProblem(surveyed);
  if (endless !== undefined) return { problems: [endless] };
  const validate = compilerFor(surveyed).compile(canonical(surveyed));
  return { check: (value) => (validate(value) ? undefined : problemsOf(validate)) };
}

function compilerFor({ patterns, subschemas }: Survey): Ajv2020 {
  const engine = Object.assign(
    // ajv tells patterns apart by their text form.
    (pattern: string) => ({ test: (text: string) => patterns.compile(pattern).test(text), toString: () => pattern }),
    // Only for code that ajv writes to a file.
    { code: 'linearPattern' },
  );
  const compiler = new Ajv2020({
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    addUsedSchema: false,
    // Otherwise a name such as `constructor` would be found in every object.
    ownProperties: true,
    // Otherwise each reference would be a copy of its target.
    inlineRefs: false,
    loopRequired: 20,
    code: { regExp: engine, optimize: false },
  });
  // Without need, not: beside patternProperties and anyOf, ajv 8 writes code that fails.
  compiler.opts.unevaluated = subschemas.values().some(({ value }) => isObject(value) && hasUnevaluated(value));
  // ajv compares each item with each other, and with each value of an enum, and writes code for each dependency. Its comparison
  // calls a value's `valueOf`, which a client can name a property.
  for (const name of ['uniqueItems', 'enum', 'const', 'dependentRequired']) compiler.removeKeyword(name);
  compiler.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    validate: (isWanted: boolean, items: JsonValue[]) => !isWanted || areDistinct(items),
    errors: false,
    error: { message: 'must NOT have duplicate items' },
  });
  compiler.addKeyword({
    keyword: 'enum',
    compile: membership,
    errors: false,
    error: { message: 'must be equal to one of the allowed values' },
  });
  compiler.addKeyword({
    keyword: 'const',
    compile: (value: JsonValue) => membership([value]),
    errors: false,
    error: { message: 'must be equal to constant' },
  });
  compiler.addKeyword({ keyword: 'dependentRequired', type: 'object', compile: dependencies, errors: true });
  return compiler;
}

const hasUnevaluated = (schema: JsonObject): boolean =>
  'unevaluatedProperties' in schema || 'unevaluatedItems' in schema;

type Names = Readonly<Record<string, readonly string[]>>;

function dependencies(all: Names): DataValidateFunction {
  const validate: DataValidateFunction = (value: JsonObject) => {
    for (const [name, needed] of Object.entries(all)) {
      const missing = Object.hasOwn(value, name) ? needed.find((one) => !Object.hasOwn(value, one)) : undefined;
      if (missing === undefined) continue;
      validate.errors = [{ message: `must have property ${missing} when property ${name} is present` }];
      return false;
    }
    return true;
  };
  return validate;
}

function problemsOf(validate: ValidateFunction): string {
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message ?? ''}`,
  );
  return problems.slice(0, 3).join('; ').slice(0, 300);
}
