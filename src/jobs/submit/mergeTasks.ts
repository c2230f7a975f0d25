// Merges the job's input with each task's input: a key of the task replaces the same key of the job.

import type { JobKind } from '../../job/policy.ts';
import { maxReferences } from '../../job/task.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { InputBody, ReferenceBody, SubmitBody } from './body.ts';

export interface RequestedTask {
  readonly name: string | null;
  readonly metadata: NonNullable<SubmitBody['metadata']> | null;
  readonly input: Omit<InputBody, 'references' | 'extraReferences' | 'prompt'> & { readonly prompt: string };
  readonly references: readonly ReferenceBody[];
  /** The task's place in the body, for errors: `tasks[3].`, or empty. */
  readonly path: string;
}

/** Throws `InvalidRequest` with every problem of the merged input. */
export function mergeTasks(body: SubmitBody): readonly RequestedTask[] {
  const requested = body.tasks ?? [{}];
  const tasks = requested.map((task, index): RequestedTask => {
    const { extraReferences = [], ...own } = task.input ?? {};
    const { references = [], prompt = '', ...input } = { ...body.input, ...own };
    const path = body.tasks === undefined ? '' : `tasks[${index}].`;
    const metadata = task.metadata === undefined ? {} : task.metadata;
    const all = [...references, ...extraReferences];
    return { name: task.name ?? null, metadata, input: { ...input, prompt }, references: all, path };
  });
  const problems = tasks.flatMap((task) => problemsOf(body.kind, task));
  if (problems.length > 0) throw invalidRequest(problems.slice(0, maxProblems));
  return tasks;
}

const maxProblems = 50;

function problemsOf(kind: JobKind, { input, references, path }: RequestedTask): FieldError[] {
  const problems: FieldError[] = [];
  const add = (field: string, message: string): number => problems.push({ path: `${path}input.${field}`, message });
  if (input.prompt === '') add('prompt', 'is missing');
  if (references.length > maxReferences)
    add('references', `has ${references.length} items, but at most ${maxReferences} are allowed`);
  for (const field of kind === 'image' ? textOnly : imageOnly) {
    if (input[field] !== undefined) add(field, `is not supported by kind ${kind}`);
  }
  return problems;
}

const textOnly = ['system', 'schema'] as const;
const imageOnly = ['aspectRatio', 'imageSize'] as const;
