// The kinds of the custom resources, and how a resource from the API server is parsed.

import type { z } from 'zod';
import type { KubeObject, ResourceType } from '../../ports/kubernetes.ts';

export const group = 'genwarden.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

export const generationJobType: ResourceType = { group, version, kind: 'GenerationJob', plural: 'generationjobs' };
export const generationScheduleType: ResourceType = {
  group,
  version,
  kind: 'GenerationSchedule',
  plural: 'generationschedules',
};
export const workerPoolType: ResourceType = { group, version, kind: 'WorkerPool', plural: 'workerpools' };

/** A path such as `spec.tasks[3].input.prompt`, and the problem there. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

export type Parsed<Spec> = { readonly spec: Spec } | { readonly problems: readonly FieldProblem[] };

/** The spec with its defaults, or all its problems: the API server may have an older schema that accepts more. */
export function parseSpec<Spec>(schema: z.ZodType<Spec>, object: Pick<KubeObject, 'spec'>): Parsed<Spec> {
  const result = schema.safeParse(object.spec ?? {});
  return result.success ? { spec: result.data } : { problems: result.error.issues.flatMap(fieldProblems) };
}

/** Whether an operator of a newer version may accept the spec: the API server drops fields that no definition has. */
export const mayBeNewer = <Spec>(parsed: Parsed<Spec>): boolean =>
  'problems' in parsed && parsed.problems.every(({ message }) => message === unknownField);

const unknownField = 'is not a known field';

function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: unknownField }));
  }
  return [{ path: pathText(issue.path), message: issue.message }];
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `spec${text}`;
}
