// Each task's own request, from the job's input and the task's: a key of the task replaces the job's whole key.

import { Ajv } from 'ajv';
import type { JobKind } from '../../job/policy.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { InputBody, ReferenceBody, SubmitBody } from './body.ts';

export interface AskedTask {
  readonly name: string | null;
  readonly metadata: NonNullable<SubmitBody['metadata']> | null;
  readonly input: Omit<InputBody, 'references' | 'extraReferences' | 'prompt'> & { readonly prompt: string };
  readonly references: readonly ReferenceBody[];
  /** Where the task stands in the body, for errors: `tasks[3].` or nothing. */
  readonly path: string;
}

/** Throws `InvalidRequest` with every place where the merged input does not do. */
export function mergeTasks(body: SubmitBody): readonly AskedTask[] {
  const asked = body.tasks ?? [{}];
  const tasks = asked.map((task, index): AskedTask => {
    const { extraReferences = [], ...own } = task.input ?? {};
    const { references = [], prompt = '', ...input } = { ...body.input, ...own };
    const path = body.tasks === undefined ? '' : `tasks[${index}].`;
    const metadata = task.metadata === undefined ? {} : task.metadata;
    const all = [...references, ...extraReferences];
    return { name: task.name ?? null, metadata, input: { ...input, prompt }, references: all, path };
  });
  const problems = tasks.flatMap((task) => problemsOf(body.kind, task));
  if (problems.length > 0) throw invalidRequest(problems.slice(0, mostProblems));
  return tasks;
}

const mostProblems = 50;

function problemsOf(kind: JobKind, { input, references, path }: AskedTask): FieldError[] {
  const problems: FieldError[] = [];
  const add = (field: string, message: string): number => problems.push({ path: `${path}input.${field}`, message });
  if (input.prompt === '') add('prompt', 'is missing');
  if (references.length > 14) add('references', `are ${references.length}, but at most 14 are taken`);
  for (const field of kind === 'image' ? textOnly : imageOnly) {
    if (input[field] !== undefined) add(field, `is not taken by kind ${kind}`);
  }
  if (kind === 'text' && input.schema !== undefined && !isJsonSchema(input.schema)) add('schema', 'is no JSON Schema');
  return problems;
}

const textOnly = ['system', 'schema'] as const;
const imageOnly = ['aspectRatio', 'imageSize'] as const;

const ajv = new Ajv({ strict: false, logger: false });
const checked = new WeakMap<object, boolean>();

/** Checked against the meta-schema only: compiling schemas of strangers is the worker's risk to bound, not the API's. */
function isJsonSchema(schema: object): boolean {
  const known = checked.get(schema) ?? Boolean(ajv.validateSchema(withoutDialect(schema)));
  checked.set(schema, known);
  return known;
}

/** Of whatever dialect it says to be, a schema is read as the one that ajv knows. */
function withoutDialect(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}
