// The custom resources by their names in the API's paths, and what a resource that the API server handed out is parsed into.

import type { z } from 'zod';
import type { KubeObject, ResourceType } from '../../ports/kubernetes.ts';

export const group = 'genwarden.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

export const generationJobType: ResourceType = { group, version, kind: 'GenerationJob', plural: 'generationjobs' };
export const workerPoolType: ResourceType = { group, version, kind: 'WorkerPool', plural: 'workerpools' };

/** A place of a resource, such as `spec.tasks[3].input.prompt`, and what is wrong there. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

export type Parsed<Spec> = { readonly spec: Spec } | { readonly problems: readonly FieldProblem[] };

/** The spec with its defaults, or all that is wrong with it: an older schema in the API server may let more through. */
export function parseSpec<Spec>(schema: z.ZodType<Spec>, object: Pick<KubeObject, 'spec'>): Parsed<Spec> {
  const result = schema.safeParse(object.spec ?? {});
  return result.success ? { spec: result.data } : { problems: result.error.issues.flatMap(fieldProblems) };
}

function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'is not a known field' }));
  }
  return [{ path: pathText(issue.path), message: issue.message }];
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `spec${text}`;
}
