// The schema checker in this process, without threads and limits of time. A test can replace a verdict.

import { compileSchema } from '../../src/adapters/jsonSchema/compile.ts';
import type { SchemaChecker } from '../../src/ports/schemaChecker.ts';

export function fakeSchemaChecker(over: Partial<SchemaChecker> = {}): SchemaChecker {
  return {
    problems: (schema) => Promise.resolve(compileSchema(schema).problems ?? []),
    check: (schema, value) => {
      const { problems, check } = compileSchema(schema);
      if (problems !== undefined) return Promise.resolve({ verdict: 'uncheckable', problem: problems[0]!.message });
      const problem = check(value);
      return Promise.resolve(problem === undefined ? { verdict: 'matches' } : { verdict: 'differs', problem });
    },
    ...over,
  };
}
