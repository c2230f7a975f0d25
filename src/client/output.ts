// The output of a text task, waited for and checked: what the schema makes of it, or an error that says why there is none.

import { checkedOutput, type OutputIssue, type OutputSchema } from './schema.ts';
import type { DownloadedArtifact } from './download.ts';
import { GenwardenError } from './http/error.ts';
import type { CallOptions } from './http/request.ts';
import { isFinished } from './states.ts';
import type { Job, Json, Task } from './types/job.ts';

export interface OutputOptions<T> extends CallOptions {
  /** Name or index; default: the first task. */
  readonly task?: string | number;
  /** Checks the output, and gives it its type. */
  readonly schema?: OutputSchema<T>;
  /** Wait on while the result waits for a reviewer. */
  readonly throughReview?: boolean;
}

/** A task without a usable output. */
export class GenwardenOutputError extends GenwardenError {
  override readonly name = 'GenwardenOutputError';
  /** The code of the task's error, `Cancelled`, `AwaitingReview`, `TaskNotFound`, `NoOutput`, or `OutputMismatch`. */
  readonly code: string;
  readonly hint: string;
  readonly job: string;
  readonly task: string | number;
  /** For `OutputMismatch`: what the schema says. */
  readonly issues: readonly OutputIssue[];

  constructor({ code, message, hint, issues = [] }: OutputProblem, job: string, task: string | number) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.job = job;
    this.task = task;
    this.issues = issues;
  }
}

interface OutputProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly issues?: readonly OutputIssue[];
}

/** The calls of the client that this needs. */
export interface OutputSource {
  wait(job: string, options: CallOptions & { until: (job: Job) => boolean; throughReview: boolean }): Promise<Job>;
  downloadArtifact(job: string, task: number, name: string, options: CallOptions): Promise<DownloadedArtifact>;
}

/** Throws `GenwardenOutputError`, and what the client's requests throw. */
export async function taskOutput<T>(
  source: OutputSource,
  id: string,
  { task: wanted = 0, schema, throughReview = false, ...waiting }: OutputOptions<T>,
): Promise<T> {
  const until = (job: Job): boolean => {
    const task = taskOf(job, wanted);
    return task === undefined || isSettled(task, throughReview);
  };
  const job = await source.wait(id, { ...waiting, until, throughReview });
  const task = taskOf(job, wanted);
  const problem = problemOf(task, wanted, throughReview);
  if (task === undefined || problem !== undefined) throw new GenwardenOutputError(problem!, id, wanted);
  const output = await outputOf(source, id, task, waiting);
  if (output === null) throw new GenwardenOutputError(noOutput, id, wanted);
  const checked = await checkedOutput(output, schema);
  if ('value' in checked) return checked.value;
  throw new GenwardenOutputError(mismatch(checked.issues), id, wanted);
}

/** By name or index, as the API finds it: an index comes first. */
export const taskOf = ({ tasks = [] }: Pick<Job, 'tasks'>, wanted: string | number): Task | undefined =>
  tasks.find(({ index }) => String(index) === String(wanted)) ?? tasks.find(({ name }) => name === wanted);

const isSettled = (task: Task, throughReview: boolean): boolean =>
  isFinished(task) || (task.state === 'needs_review' && !throughReview);

/** Large outputs are artifacts. Null for a task without one. */
export async function outputOf(
  source: Pick<OutputSource, 'downloadArtifact'>,
  job: string,
  { index, output, artifacts }: Task,
  options: CallOptions,
): Promise<Json> {
  const stored = artifacts.find(({ name }) => name === 'output');
  if (output !== null || stored === undefined) return output;
  const { bytes, mediaType } = await source.downloadArtifact(job, index, 'output', options);
  const text = new TextDecoder().decode(bytes);
  return mediaType.startsWith('application/json') ? (JSON.parse(text) as Json) : text;
}

/** Why a task has no output; undefined if it may have one. */
export function problemOf(
  task: Task | undefined,
  wanted: string | number,
  throughReview = false,
): OutputProblem | undefined {
  if (task === undefined) {
    const message = `The job has no task ${JSON.stringify(wanted)}`;
    return { code: 'TaskNotFound', message, hint: 'Give the name or the index of a task of the job.' };
  }
  const { state, error, message } = task;
  if (state === 'succeeded') return undefined;
  if (state === 'needs_review' && !throughReview) {
    const hint = 'Decide with review, or pass throughReview to wait on.';
    return { code: 'AwaitingReview', message: 'The output waits for a reviewer', hint };
  }
  if (error !== null) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: state === 'cancelled' ? 'Cancelled' : 'NoOutput',
    message,
    hint: 'Retry the task, or submit it again.',
  };
}

const noOutput: OutputProblem = {
  code: 'NoOutput',
  message: 'The task succeeded without an output',
  hint: 'Only tasks of kind text have one. Download the artifacts of an image task.',
};

function mismatch(issues: readonly OutputIssue[]): OutputProblem {
  const shown = issues.slice(0, 5).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const message = `The output does not match the schema: ${shown.join('; ')}`;
  const hint =
    'Submit the job with this schema, so that the model and the worker check know it. Rules that only code checks do not reach them.';
  return { code: 'OutputMismatch', message, hint, issues };
}
