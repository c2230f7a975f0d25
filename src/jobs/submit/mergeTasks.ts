// Merges the job's input with each task's input: a key of the task replaces the same key of the job.

import type { JobKind } from '../../job/policy.ts';
import type { TaskIndex } from '../../job/ids.ts';
import { maxReferences } from '../../job/task.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { InputBody, ReferenceBody, SubmitBody } from './body.ts';

export interface RequestedTask {
  readonly index: TaskIndex;
  readonly name: string | null;
  readonly kind: JobKind;
  /** Undefined: the pool's first model of the kind. */
  readonly model: string | undefined;
  readonly metadata: NonNullable<SubmitBody['metadata']> | null;
  readonly input: Omit<InputBody, 'references' | 'extraReferences' | 'prompt'> & { readonly prompt: string };
  readonly references: readonly ReferenceBody[];
  /** The task's place in the body, for errors: `tasks[3].`, or empty. */
  readonly path: string;
}

type TaskBody = NonNullable<SubmitBody['tasks']>[number];

/** Throws `InvalidRequest` with every problem of the merged input. */
export function mergeTasks(body: SubmitBody): readonly RequestedTask[] {
  const requested: readonly TaskBody[] = body.tasks ?? [{}];
  const tasks = requested.map((task, index) => mergeTask(body, task, index));
  const problems = tasks.flatMap(problemsOf);
  if (problems.length > 0) throw invalidRequest(problems.slice(0, maxProblems));
  return tasks;
}

function mergeTask(body: SubmitBody, task: TaskBody, index: TaskIndex): RequestedTask {
  const kind = task.kind ?? body.kind;
  const { extraReferences = [], ...own } = task.input ?? {};
  const inherited = kind === body.kind ? body.input : withoutOtherKind(body.input, kind);
  const { references = [], prompt = '', ...input } = { ...inherited, ...own };
  return {
    index,
    name: task.name ?? null,
    kind,
    model: task.model ?? (kind === body.kind ? body.model : undefined),
    metadata: task.metadata === undefined ? {} : task.metadata,
    input: { ...input, prompt },
    references: [...references, ...extraReferences],
    path: body.tasks === undefined ? '' : `tasks[${index}].`,
  };
}

/** Fields of the job's input that only its own kind takes do not concern a task of the other kind. */
function withoutOtherKind(input: SubmitBody['input'], kind: JobKind): SubmitBody['input'] {
  const others: readonly string[] = unsupportedBy(kind);
  return Object.fromEntries(Object.entries(input ?? {}).filter(([field]) => !others.includes(field)));
}

const maxProblems = 50;

function problemsOf({ kind, input, references, path }: RequestedTask): FieldError[] {
  const problems: FieldError[] = [];
  const add = (field: string, message: string): number => problems.push({ path: `${path}input.${field}`, message });
  if (input.prompt === '') add('prompt', 'is missing');
  if (references.length > maxReferences)
    add('references', `has ${references.length} items, but at most ${maxReferences} are allowed`);
  for (const field of unsupportedBy(kind)) {
    if (input[field] !== undefined) add(field, `is not supported by kind ${kind}`);
  }
  return problems;
}

const textOnly = ['system', 'schema'] as const;
const imageOnly = ['aspectRatio', 'imageSize'] as const;

const unsupportedBy = (kind: JobKind) => (kind === 'image' ? textOnly : imageOnly);
