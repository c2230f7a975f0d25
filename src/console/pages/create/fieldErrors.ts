// The problems of the API beside the fields that they are about.

import type { FormProblem } from './requestOf.ts';

/** The paths of fields of the form; a problem belongs to the longest of them that it begins with. */
export const fieldPaths = [
  'kind',
  'pool',
  'model',
  'input.prompt',
  'input.system',
  'input.schema',
  'input.aspectRatio',
  'input.imageSize',
  'input.references',
  'input.seed',
  'input.providerOptions',
  'tasks',
  'labels',
  'priority',
  'policy.attemptTimeout',
  'policy.runTimeout',
  'policy.queueTimeout',
  'policy.reviewTimeout',
  'policy.deadline',
  'policy.maxAttempts',
  'policy.review',
] as const;
export type FieldPath = (typeof fieldPaths)[number];

/** Paths of the same field: `tasks[3].input.schema.type` is about `input.schema`. */
function fieldOf(path: string): FieldPath | undefined {
  const inTask = /^tasks\[\d+\]\.(input\.(?!prompt).*|kind|model)$/.exec(path)?.[1];
  const own = inTask ?? path;
  return fieldPaths.find((field) => own === field || own.startsWith(`${field}.`) || own.startsWith(`${field}[`));
}

/** The messages of a field, each with the rest of its path. Of several tasks with the same problem, one. */
export function messagesOf(problems: readonly FormProblem[], field: FieldPath): string[] {
  const mine = problems.filter(({ path }) => fieldOf(path) === field);
  const messages = mine.map(({ path, message }) => {
    const rest = path.slice(path.indexOf(field) + field.length).replace(/^\./, '');
    return rest === '' ? message : `${rest}: ${message}`;
  });
  return [...new Set(messages)];
}

/** Those that no field shows. */
export const otherProblems = (problems: readonly FormProblem[]): FormProblem[] =>
  problems.filter(({ path }) => fieldOf(path) === undefined);
