// Makes the request of what was typed, and tells what cannot be sent. The API checks everything else.

import type { Input, Json, PolicyRequest, SubmitRequest, TaskRequest } from '../../../client/index.ts';
import type { JobForm } from './form.ts';

export interface FormProblem {
  /** As in the `errors` of a problem of the API, such as `input.schema`. */
  readonly path: string;
  readonly message: string;
}

export interface FormRequest {
  /** Without the fields that have problems. */
  readonly request: SubmitRequest;
  readonly problems: readonly FormProblem[];
}

export const mostTasks = 500;

export function requestOf(form: JobForm): FormRequest {
  const problems: FormProblem[] = [];
  const refuse = (path: string, message: string): void => void problems.push({ path, message });
  const input = inputOf(form, refuse);
  const tasks = tasksOf(form, refuse);
  const policy = policyOf(form, refuse);
  const labels = labelsOf(form.labels, refuse);
  if (form.prompt.trim() === '' && !(tasks ?? []).every(({ input: own }) => own?.prompt !== undefined)) {
    refuse('input.prompt', 'is empty');
  } else if (form.prompt.trim() === '' && tasks === undefined) refuse('input.prompt', 'is empty');
  const request: SubmitRequest = {
    kind: form.kind,
    ...(form.pool === '' ? {} : { pool: form.pool }),
    ...(form.model === '' ? {} : { model: form.model }),
    ...(form.priority === 'normal' ? {} : { priority: form.priority }),
    ...(Object.keys(input).length === 0 ? {} : { input }),
    ...(tasks === undefined ? {} : { tasks }),
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  return { request, problems };
}

type Refuse = (path: string, message: string) => void;

function inputOf(form: JobForm, refuse: Refuse): Input {
  const isText = form.kind === 'text';
  const seed = wholeNumber(form.seed, 'input.seed', refuse);
  const schema = isText ? jsonObject(form.schema, 'input.schema', refuse) : undefined;
  const providerOptions = jsonObject(form.providerOptions, 'input.providerOptions', refuse);
  const references = referencesOf(form, refuse);
  return {
    ...(form.prompt.trim() === '' ? {} : { prompt: form.prompt }),
    ...(isText && form.system !== '' ? { system: form.system } : {}),
    ...(schema === undefined ? {} : { schema }),
    ...(isText || form.aspectRatio === '' ? {} : { aspectRatio: form.aspectRatio }),
    ...(isText || form.imageSize === '' ? {} : { imageSize: form.imageSize }),
    ...(seed === undefined ? {} : { seed }),
    ...(references.length === 0 ? {} : { references }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
  };
}

function referencesOf({ references }: JobForm, refuse: Refuse): NonNullable<Input['references']> {
  return references.flatMap(({ upload, caption, name }, index) => {
    if (upload.state === 'sending') refuse(`input.references[${index}]`, `${name} is still being uploaded`);
    if (upload.state === 'failed')
      refuse(`input.references[${index}]`, `${name} was not stored: remove it, or try again`);
    if (upload.state !== 'stored') return [];
    return [{ artifact: upload.artifact, ...(caption.trim() === '' ? {} : { caption: caption.trim() }) }];
  });
}

/** Undefined for a single task without a name. With a seed, each further task gets the next one: the same seed would draw the same picture. */
function tasksOf(form: JobForm, refuse: Refuse): TaskRequest[] | undefined {
  const lines = linesOf(form.taskLines);
  const count = taskCount(form);
  if (count === undefined) {
    refuse('tasks', `is not a whole number from 1 to ${mostTasks}`);
    return undefined;
  }
  if (count === 1 && lines.length === 0) return undefined;
  const seed = wholeNumber(form.seed, 'input.seed', () => undefined);
  return Array.from({ length: count }, (_, at): TaskRequest => {
    const [name, prompt] = nameAndPrompt(lines[at] ?? `variation-${at + 1}`);
    const input = {
      ...(prompt === undefined ? {} : { prompt }),
      ...(seed === undefined || at === 0 ? {} : { seed: seed + at }),
    };
    return { name, ...(Object.keys(input).length === 0 ? {} : { input }) };
  });
}

/** At least as many as there are lines of tasks; undefined if the number is none. */
export function taskCount({ variations, taskLines }: Pick<JobForm, 'variations' | 'taskLines'>): number | undefined {
  const number = variations.trim() === '' ? 1 : Number(variations);
  const count = Math.max(number, linesOf(taskLines).length);
  return Number.isInteger(number) && number >= 1 && count <= mostTasks ? count : undefined;
}

export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function nameAndPrompt(line: string): [name: string, prompt: string | undefined] {
  const at = line.indexOf('=');
  const prompt = at < 1 ? '' : line.slice(at + 1).trim();
  return prompt === '' ? [line, undefined] : [line.slice(0, at).trim(), prompt];
}

const durations = ['attemptTimeout', 'runTimeout', 'queueTimeout', 'reviewTimeout', 'deadline'] as const;

function policyOf(form: JobForm, refuse: Refuse): PolicyRequest {
  const policy: PolicyRequest = {};
  for (const name of durations) {
    if (form[name].trim() !== '') policy[name] = form[name].trim();
  }
  const maxAttempts = wholeNumber(form.maxAttempts, 'policy.maxAttempts', refuse);
  if (maxAttempts !== undefined) policy.maxAttempts = maxAttempts;
  if (form.reviewAlways) policy.review = 'always';
  return policy;
}

function labelsOf(text: string, refuse: Refuse): Record<string, string> {
  const labels: [string, string][] = [];
  for (const line of linesOf(text)) {
    const at = line.indexOf('=');
    if (at < 1) refuse('labels', `"${line}" is not key=value`);
    else labels.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return Object.fromEntries(labels);
}

function wholeNumber(text: string, path: string, refuse: Refuse): number | undefined {
  if (text.trim() === '') return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  refuse(path, 'is not a whole number');
  return undefined;
}

function jsonObject(text: string, path: string, refuse: Refuse): { [key: string]: Json } | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value = parseExactly(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    refuse(path, 'is not a JSON object, {…}');
  } catch (error) {
    refuse(path, error instanceof InexactNumber ? error.message : `is not JSON: ${(error as Error).message}`);
  }
  return undefined;
}

class InexactNumber extends Error {}

/** Browsers that do not tell the source of a number round it silently. */
function parseExactly(text: string): Json {
  const exact = (_key: string, value: unknown, { source }: { source?: string } = {}): unknown => {
    const rounded = typeof value === 'number' && (!Number.isFinite(value) || isRoundedInteger(value, source));
    if (!rounded) return value;
    throw new InexactNumber(
      `has the number ${source ?? 'Infinity'}, which cannot be held exactly: write it as a string`,
    );
  };
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]) as Json;
}

const isRoundedInteger = (value: number, source = ''): boolean =>
  /^-?\d+$/.test(source) && !Number.isSafeInteger(value);
