// Jobs and tasks as tables, for `get`, `list`, `submit`, `cancel`, `retry` and `review`.

import type { Job, ListedJob, Task } from '../../client/index.ts';
import { ageOf, timeBetween, untilTime } from '../output/format.ts';
import { hanging, printable } from '../output/text.ts';
import { paintFor, paintState, type Paint } from '../output/colours.ts';
import type { Io } from '../output/io.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { reviewLines } from './reviewLines.ts';
import { traceLine } from './traceLine.ts';
import { taskName, taskWaitText, waitLines, waitText } from './waitText.ts';

export interface JobTableOptions extends TableOptions {
  /** Adds a first column with each job's namespace. */
  readonly tenants?: boolean;
  /** Adds the labels and prompts, which tell jobs apart, not only to the wide table. */
  readonly prompts?: boolean;
}

/** Jobs as a table, one per line. */
export function jobTable(
  io: Io,
  jobs: readonly ListedJob[],
  { tenants = false, prompts = false, ...options }: JobTableOptions,
): string[] {
  const namespace: Column<ListedJob>[] = tenants
    ? [{ title: 'NAMESPACE', value: ({ tenant }) => tenant, min: 10, drop: 2 }]
    : [];
  const columns = [...namespace, ...jobColumns(io.now(), paintFor(io, io.stdout)), ...describing(prompts)];
  return renderTable(jobs, columns, options);
}

function jobColumns(now: number, paint: Paint): Column<ListedJob>[] {
  return [
    { title: 'JOB', value: ({ id }) => id },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'POOL', value: ({ pool }) => pool, min: 8, drop: 5 },
    { title: 'KIND', value: ({ kind }) => kind, drop: 9 },
    { title: 'DONE', value: doneOf, align: 'right', drop: 4 },
    { title: 'AGE', value: ({ submittedAt }) => ageOf(submittedAt, now), align: 'right', drop: 1 },
    { title: 'COST', value: ({ usage }) => usage?.cost, align: 'right', optional: true, drop: 7 },
    { title: 'REASON', value: (job) => jobReason(job, now), wrap: 34, drop: 6 },
    { title: 'PRIORITY', value: ({ priority }) => priority, wide: true },
    { title: 'TOOK', value: ({ startedAt, finishedAt }) => timeBetween(startedAt, finishedAt, now), wide: true },
    {
      title: 'ENDS',
      value: ({ finishedAt, deadlineAt }) => untilTime(finishedAt ?? deadlineAt, now),
      wide: true,
    },
  ];
}

function describing(always: boolean): Column<ListedJob>[] {
  const shown = always ? {} : ({ wide: true } as const);
  return [
    { title: 'LABELS', value: ({ labels }) => labelText(labels), min: 12, drop: 8, optional: true, ...shown },
    // An API of an earlier version tells no prompts.
    { title: 'PROMPT', value: ({ prompt }) => prompt, min: 16, drop: 3, ...shown },
  ];
}

/** Why tasks failed, and what the job waits for and until when. */
export function jobReason(job: ListedJob, now: number): string {
  return [failureText(job), waitText(job.waitingFor, now)].filter((part) => part !== '').join('; ');
}

function failureText({ failureReason, progress: { failed, total } }: ListedJob): string {
  // An API of an earlier version tells no reason.
  const why = (failureReason ?? null) === null ? '' : failureReason!;
  if (failed === 0 || total === 1) return why;
  return `${failed} of ${total} failed${why === '' ? '' : `: ${why}`}`;
}

/** Succeeded tasks out of all tasks: `3/20`. A failed task is not done. */
export const doneOf = ({ progress }: ListedJob): string => `${progress.succeeded}/${progress.total}`;

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** One job with its tasks, their errors and their text results. */
export function jobWithTasks(io: Io, job: Job, options: TableOptions): string[] {
  const tasks = job.tasks ?? [];
  const head = jobTable(io, [job], options);
  if (tasks.length === 0) return head;
  const { width } = options;
  const sections = [
    renderTable(tasks, taskColumns(job, io.now(), paintFor(io, io.stdout)), options),
    waitLines(tasks).flatMap((line) => hanging('', line, width)),
    traceLine(job),
    ...tasks.map((task) => whyFailed(task, width)),
    ...tasks.map((task) => whyFlagged(task, width)),
    reviewLines(io, job, options),
    ...tasks.map((task) => textOutput(task, width)),
  ];
  return [head, ...sections.filter((lines) => lines.length > 0)].flatMap((lines, at) =>
    at === 0 ? lines : ['', ...lines],
  );
}

function taskColumns(job: Job, now: number, paint: Paint): Column<Task>[] {
  const { places, calls } = shownOf(job);
  return [
    { title: 'TASK', value: ({ index }) => index, align: 'right' },
    { title: 'NAME', value: ({ name }) => name, min: 12 },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right', drop: 5 },
    { title: 'DONE', value: taskDone, align: 'right', drop: 3 },
    { title: 'AGE', value: ({ queuedAt }) => ageOf(queuedAt, now), align: 'right', drop: 2 },
    { title: 'REASON', value: (task) => taskReason(task, now), wrap: 20, drop: 4 },
    { title: 'RUNS ON', value: (task) => (places ? placeOf(task) : null), optional: true, min: 12, drop: 8 },
    {
      title: 'PAID CALLS',
      value: ({ usage }) => (calls ? usage?.paidCalls : null),
      align: 'right',
      optional: true,
      drop: 7,
    },
    { title: 'COST', value: ({ usage }) => usage?.cost, align: 'right', optional: true, drop: 6 },
    { title: 'RUN', value: ({ run }) => run, align: 'right', wide: true },
    { title: 'WORKER', value: ({ worker }) => worker, wide: true },
    { title: 'DUE', value: ({ dueAt }) => untilTime(dueAt, now), wide: true },
    { title: 'ARTIFACTS', value: ({ artifacts }) => artifacts.map(({ name }) => name).join(','), wide: true },
    { title: 'MESSAGE', value: ({ message }) => message, wide: true },
  ];
}

/** What is worth a column: places that differ from the job's, and calls that cost something or were repeated. */
function shownOf({ pool, model, tasks = [] }: Job): { places: boolean; calls: boolean } {
  const places = tasks.map(placeOf).filter((place) => place !== undefined);
  return {
    places: places.some((place) => place !== `${pool}/${model}`),
    calls: tasks.some(({ usage }) => usage?.cost !== undefined || (usage?.paidCalls ?? 0) > 1),
  };
}

/** Nothing of a task that failed or was cancelled is done. */
function taskDone({ state, progress }: Task): string | null {
  return state === 'failed' || state === 'cancelled' ? null : `${Math.floor(progress * 100)}%`;
}

/** What a task waits for and until when, what its worker does, or why it is in its state. */
function taskReason(task: Task, now: number): string {
  const { state, reason, phase, waitingFor, retryAt } = task;
  if (waitingFor !== null || retryAt !== null) return taskWaitText(task, now);
  // An API of an earlier version sends no phase.
  return state === 'running' ? (phase ?? reason) : reason;
}

/** The pool and model of an open task, or those that a finished one used. */
function placeOf({ target, used }: Task): string | undefined {
  const place = target ?? used;
  return place === null ? undefined : `${place.pool}/${place.model}`;
}

function whyFailed(task: Task, width: number | undefined): string[] {
  if (task.error === null) return [];
  const { code, message, hint } = task.error;
  return [...hanging(`${printable(taskName(task))}: `, `${code}: ${message}`, width), ...hanging('  ', hint, width)];
}

function whyFlagged(task: Task, width: number | undefined): string[] {
  if (task.flags === undefined) return [];
  const flags = task.flags.flatMap(({ source, reason }) => hanging('  ', `${source}: ${reason}`, width));
  return [...hanging('', `${taskName(task)} was flagged:`, width), ...flags];
}

function textOutput(task: Task, width: number | undefined): string[] {
  if (task.output === null || task.output === undefined) return [];
  const text = typeof task.output === 'string' ? task.output : JSON.stringify(task.output, null, 2);
  return [printable(`${taskName(task)}:`), ...text.split('\n').flatMap((line) => hanging('  ', line, width))];
}
