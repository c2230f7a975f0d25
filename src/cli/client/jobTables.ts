// Jobs and tasks as tables, for `get`, `list`, `submit`, `cancel`, `retry` and `review`.

import type { Job, ListedJob, Task } from '../../client/index.ts';
import { ageOf, timeBetween, untilTime } from '../output/format.ts';
import { printable } from '../output/text.ts';
import { paintFor, paintState, type Paint } from '../output/colours.ts';
import type { Io } from '../output/io.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { reviewLines } from './reviewLines.ts';
import { traceLine } from './traceLine.ts';
import { taskName, waitLines, waitText } from './waitText.ts';

/** Jobs as a table, one per line. */
export function jobTable(
  io: Io,
  jobs: readonly ListedJob[],
  {
    tenants = false,
    prompts = false,
    ...options
  }: TableOptions & {
    /** Adds a first column with each job's namespace. */
    tenants?: boolean;
    /** Adds the last column not only to the wide table. */
    prompts?: boolean;
  },
): string[] {
  const namespace: Column<ListedJob>[] = tenants ? [{ title: 'NAMESPACE', value: ({ tenant }) => tenant }] : [];
  const columns = [
    ...namespace,
    ...jobColumns(jobs, io.now(), paintFor(io, io.stdout)),
    ...promptColumn(jobs, prompts),
  ];
  return renderTable(jobs, columns, options);
}

/** An API of an earlier version tells no prompts. */
function promptColumn(jobs: readonly ListedJob[], always: boolean): Column<ListedJob>[] {
  const column: Column<ListedJob> = { title: 'PROMPT', value: ({ prompt }) => prompt };
  return only(
    jobs.some(({ prompt }) => (prompt ?? null) !== null),
    always ? column : { ...column, wide: true },
  );
}

function jobColumns(jobs: readonly ListedJob[], now: number, paint: Paint): Column<ListedJob>[] {
  const waits = jobs.some(({ waitingFor }) => waitingFor !== null);
  const priced = jobs.some(({ usage }) => usage?.cost !== undefined);
  return [
    { title: 'JOB', value: ({ id }) => id },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'POOL', value: ({ pool }) => pool },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'DONE', value: doneOf, align: 'right' },
    { title: 'AGE', value: ({ submittedAt }) => ageOf(submittedAt, now), align: 'right' },
    ...only<ListedJob>(priced, { title: 'COST', value: ({ usage }) => usage?.cost, align: 'right' }),
    ...only<ListedJob>(waits, { title: 'WAITS FOR', value: ({ waitingFor }) => waitText(waitingFor, now) }),
    { title: 'PRIORITY', value: ({ priority }) => priority, wide: true },
    { title: 'TOOK', value: ({ startedAt, finishedAt }) => timeBetween(startedAt, finishedAt, now), wide: true },
    {
      title: 'ENDS',
      value: ({ finishedAt, deadlineAt }) => untilTime(finishedAt ?? deadlineAt, now),
      wide: true,
    },
    { title: 'LABELS', value: ({ labels }) => labelText(labels), wide: true },
  ];
}

/** A column that is shown only if a row has a value for it. */
const only = <Row>(shown: boolean, column: Column<Row>): Column<Row>[] => (shown ? [column] : []);

/** Terminal tasks out of all tasks: `3/20`. */
export function doneOf({ progress }: ListedJob): string {
  return `${progress.succeeded + progress.failed + progress.cancelled}/${progress.total}`;
}

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** One job with its tasks, their errors and their text results. */
export function jobWithTasks(io: Io, job: Job, options: TableOptions): string[] {
  const tasks = job.tasks ?? [];
  const head = jobTable(io, [job], options);
  if (tasks.length === 0) return head;
  const table = renderTable(tasks, taskColumns(job, tasks, io.now(), paintFor(io, io.stdout)), options);
  const waits = waitLines(tasks);
  return [
    ...head,
    '',
    ...table,
    ...(waits.length === 0 ? [] : ['', ...waits]),
    ...traceLine(job).flatMap((line) => ['', line]),
    ...tasks.flatMap(whyFailed),
    ...tasks.flatMap(whyFlagged),
    ...reviewHelp(job),
    ...tasks.flatMap(textOutput),
  ];
}

function taskColumns(job: Job, tasks: readonly Task[], now: number, paint: Paint): Column<Task>[] {
  const shown = shownColumns(job, tasks);
  return [
    { title: 'TASK', value: ({ index }) => index, align: 'right' },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right' },
    { title: 'DONE', value: ({ progress }) => `${Math.floor(progress * 100)}%`, align: 'right' },
    { title: 'AGE', value: ({ queuedAt }) => ageOf(queuedAt, now), align: 'right' },
    { title: 'REASON', value: ({ reason }) => reason },
    ...only<Task>(shown.fallback, { title: 'RUNS ON', value: placeOf }),
    ...only<Task>(shown.calls, { title: 'PAID CALLS', value: ({ usage }) => usage?.paidCalls, align: 'right' }),
    ...only<Task>(shown.cost, { title: 'COST', value: ({ usage }) => usage?.cost, align: 'right' }),
    ...only<Task>(shown.phase, { title: 'PHASE', value: ({ phase }) => phase }),
    ...only<Task>(shown.waits, { title: 'WAITS FOR', value: ({ waitingFor }) => waitText(waitingFor, now) }),
    { title: 'RUN', value: ({ run }) => run, align: 'right', wide: true },
    { title: 'WORKER', value: ({ worker }) => worker, wide: true },
    { title: 'DUE', value: ({ dueAt }) => untilTime(dueAt, now), wide: true },
    { title: 'ARTIFACTS', value: ({ artifacts }) => artifacts.map(({ name }) => name).join(','), wide: true },
    { title: 'MESSAGE', value: ({ message }) => message, wide: true },
  ];
}

function shownColumns({ pool, model }: Job, tasks: readonly Task[]) {
  const places = new Set(tasks.map(placeOf).filter((place) => place !== undefined));
  const cost = tasks.some(({ usage }) => usage?.cost !== undefined);
  return {
    fallback: [...places].some((place) => place !== `${pool}/${model}`),
    cost,
    calls: cost || tasks.some(({ usage }) => (usage?.paidCalls ?? 0) > 1),
    // Waiting for the provider is the rule.
    phase: tasks.some(({ phase }) => phase?.includes('artifact store')),
    waits: tasks.some(({ waitingFor }) => waitingFor !== null),
  };
}

/** The pool and model of an open task, or those that a finished one used. */
function placeOf({ target, used }: Task): string | undefined {
  const place = target ?? used;
  return place === null ? undefined : `${place.pool}/${place.model}`;
}

function whyFailed(task: Task): string[] {
  if (task.error === null) return [];
  const { code, message, hint } = task.error;
  return ['', printable(`${taskName(task)}: ${code}: ${message}`), `  ${printable(hint)}`];
}

function whyFlagged(task: Task): string[] {
  if (task.flags === undefined) return [];
  return [
    '',
    printable(`${taskName(task)} was flagged:`),
    ...task.flags.map(({ source, reason }) => indented(`${source}: ${reason}`)),
  ];
}

function reviewHelp(job: Job): string[] {
  const lines = reviewLines(job);
  return lines.length === 0 ? [] : ['', ...lines];
}

function textOutput(task: Task): string[] {
  if (task.output === null || task.output === undefined) return [];
  const text = typeof task.output === 'string' ? task.output : JSON.stringify(task.output, null, 2);
  return ['', printable(`${taskName(task)}:`), ...text.split('\n').map(indented)];
}

const indented = (line: string): string => `  ${printable(line)}`;
