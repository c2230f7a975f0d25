// Checks what the tasks of a job wait for and what they use of it: names, cycles, templates, and artifacts of other tasks.

import { levelsOf, type After } from '../../job/chains/order.ts';
import { templateOf } from '../../job/chains/template.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { ReferenceBody, SubmitBody } from './body.ts';
import type { RequestedTask } from './mergeTasks.ts';

export interface Chains {
  /** By task: the tasks that it waits for. */
  readonly after: After;
  /** How many tasks the longest chain has. */
  readonly depth: number;
}

/** Of all `after` lists of a job together. */
const maxDependencies = 5_000;
const maxProblems = 50;

/** Throws `InvalidRequest` with every problem. */
export function chainsOf(body: SubmitBody, tasks: readonly RequestedTask[]): Chains {
  const lists = (body.tasks ?? []).map(({ after = [] }) => after);
  const byName = new Map(tasks.flatMap(({ name, index }) => (name === null ? [] : [[name, index] as const])));
  refuse(namesProblems(lists, tasks, byName));
  const after = tasks.map(({ index }) => (lists[index] ?? []).map((name) => byName.get(name)!));
  const found = levelsOf(after);
  if ('cycle' in found) throw invalidRequest([cycleProblem(found.cycle, tasks)]);
  refuse(tasks.flatMap((task) => usesProblems(task, body, after[task.index]!, tasks)));
  return { after, depth: Math.max(...found.levels) + 1 };
}

function refuse(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw invalidRequest(problems.slice(0, maxProblems));
}

function namesProblems(
  lists: readonly (readonly string[])[],
  tasks: readonly RequestedTask[],
  byName: ReadonlyMap<string, number>,
): FieldError[] {
  let total = 0;
  return lists.flatMap((names, index) => {
    total += names.length;
    const path = `tasks[${index}].after`;
    if (total > maxDependencies && total - names.length <= maxDependencies)
      return [{ path, message: `makes the lists of all tasks longer than ${maxDependencies} names together` }];
    const seen = new Set<string>();
    return names.flatMap((name, at) => {
      const message = nameProblem(name, tasks[index]!, seen, byName);
      seen.add(name);
      return message === undefined ? [] : [{ path: `${path}[${at}]`, message }];
    });
  });
}

function nameProblem(
  name: string,
  { name: own }: RequestedTask,
  seen: ReadonlySet<string>,
  byName: ReadonlyMap<string, number>,
): string | undefined {
  if (name === own) return 'is the task itself';
  if (seen.has(name)) return `names ${name} twice`;
  if (byName.has(name)) return undefined;
  const known = [...byName.keys()];
  const more = known.length > 10 ? `, and ${known.length - 10} more` : '';
  const names =
    known.length === 0 ? 'none of its tasks has a name' : `its tasks are ${known.slice(0, 10).join(', ')}${more}`;
  return `is ${name}, but the job has no task of that name; ${names}`;
}

function cycleProblem(cycle: readonly number[], tasks: readonly RequestedTask[]): FieldError {
  const names = cycle.map((index) => tasks[index]!.name!);
  const steps = names.map((name, at) => `${name} waits for ${names[(at + 1) % names.length]}`);
  const shown = steps.length > 12 ? [...steps.slice(0, 6), '…', ...steps.slice(-6)] : steps;
  return { path: `tasks[${cycle[0]}].after`, message: `is part of a cycle: ${shown.join(', ')}` };
}

function usesProblems(
  task: RequestedTask,
  body: SubmitBody,
  after: readonly number[],
  tasks: readonly RequestedTask[],
): FieldError[] {
  const parents = new Map(after.map((index) => [tasks[index]!.name!, tasks[index]!]));
  const problems = referencesProblems(task, body, parents);
  if (parents.size === 0) return problems;
  const own = body.tasks?.[task.index]?.input ?? {};
  for (const field of ['prompt', 'system'] as const) {
    const path = own[field] === undefined ? `input.${field}` : `${task.path}input.${field}`;
    for (const message of textProblems(task.input[field] ?? '', parents)) problems.push({ path, message });
  }
  return problems;
}

function textProblems(text: string, parents: ReadonlyMap<string, RequestedTask>): string[] {
  const { uses, problems } = templateOf(text, new Set(parents.keys()));
  return [
    ...problems,
    ...uses.flatMap(({ task, path, text: written }) => {
      const { kind, input } = parents.get(task)!;
      if (kind === 'image')
        return [`uses ${written}, but task ${task} is of kind image and has no output; refer to its artifact image`];
      if (input.schema !== undefined || path.length === 0) return [];
      return [`uses ${written}, but the output of task ${task} is text without fields: give it an input.schema`];
    }),
  ];
}

function referencesProblems(
  task: RequestedTask,
  body: SubmitBody,
  parents: ReadonlyMap<string, RequestedTask>,
): FieldError[] {
  return placesOf(task, body).flatMap(({ reference: { artifact }, path }) => {
    if (typeof artifact !== 'object') return [];
    const parent = parents.get(artifact.task);
    if (parent === undefined)
      return [{ path: `${path}.artifact.task`, message: `is ${artifact.task}, but ${afterOf(task)} does not list it` }];
    const message = artifactProblem(artifact.name, parent);
    return message === undefined ? [] : [{ path: `${path}.artifact.name`, message }];
  });
}

const afterOf = ({ path }: RequestedTask): string => (path === '' ? 'after' : `${path}after`);

/** A model may make several images. Their formats and sizes are known only then. */
function artifactProblem(name: string, { name: parent, kind }: RequestedTask): string | undefined {
  if (kind === 'text')
    return `is ${name}, but task ${parent} is of kind text and has no image; use {{tasks.${parent}.output}}`;
  if (/^(image|image-[2-9]|image-[1-9]\d|thumbnail)$/.test(name)) return undefined;
  return `is ${name}, but a task of kind image has image, image-2 and so on, and thumbnail`;
}

/** The references of a task, at their places in the body. */
function placesOf(task: RequestedTask, body: SubmitBody): { reference: ReferenceBody; path: string }[] {
  const own = body.tasks?.[task.index]?.input;
  const list = own?.references === undefined ? 'input.references' : `${task.path}input.references`;
  const ofJob = task.references.length - (own?.extraReferences?.length ?? 0);
  return task.references.map((reference, at) => {
    const path = at < ofJob ? `${list}[${at}]` : `${task.path}input.extraReferences[${at - ofJob}]`;
    return { reference, path };
  });
}
