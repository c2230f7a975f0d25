// `genwarden stuck`: lists tasks that make no progress; `--fix` fails exactly the tasks that were printed.

import { InvalidArgumentError, type Command } from 'commander';
import {
  GenwardenApiError,
  type FixedTask,
  type GenwardenClient,
  type Searched,
  type StuckList,
  type StuckTask,
} from '../../client/index.ts';
import { about, durationForm, parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { count, isOrAre } from '../../job/explain/format.ts';
import { exitCodes } from '../exitCodes.ts';
import { shortDuration, untilTime } from '../output/format.ts';
import { hanging, printable } from '../output/text.ts';
import { paintFor, paintState } from '../output/colours.ts';
import { errorLines } from '../output/errorLines.ts';
import { writeLine, type Io } from '../output/io.ts';
import { isForPeople, outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { idOfJob, jobIdOf } from './ids.ts';
import { clientCommand, readTimeout, reportError, withClient, resourcesOf } from './session.ts';

interface StuckOptions {
  readonly olderThan: string;
  readonly jobId?: string;
  readonly pool?: string;
  readonly fix?: true;
  readonly yes?: true;
  readonly output: OutputFormat;
  /** Only with `kubectl genwarden`. */
  readonly allNamespaces?: true;
}

export function addStuck(program: Command, io: Io): void {
  clientCommand(program, 'stuck', 'List stuck tasks and why they make no progress; exit code 3 if any are found')
    .option('--older-than <duration>', 'minimum time without progress; a plain number means minutes', olderThan, '5m')
    .option('--job-id <id>', `only tasks of this job: ${idOfJob}`)
    .option('--pool <pool>', 'only tasks of this pool')
    .option('--fix', 'fail exactly the tasks that are printed')
    .option('--yes', 'with --fix: do not ask for confirmation')
    .addOption(outputOption())
    .action(withClient(io, (client, options: StuckOptions) => runStuck(io, client, options), readTimeout));
}

/** What the API accepts, ms. */
const longest = 30 * 86_400_000;

/** A plain number means minutes. */
function olderThan(text: string): string {
  const duration = /^\d+$/.test(text) ? `${text}m` : text;
  const ms = parseDuration(duration);
  if (ms === undefined) throw new InvalidArgumentError(`Expected a number of minutes or ${durationForm}.`);
  if (ms > longest) throw new InvalidArgumentError('Expected at most 30d: no job is kept for longer.');
  return duration;
}

async function runStuck(io: Io, client: GenwardenClient, options: StuckOptions): Promise<void> {
  const { output, fix } = options;
  const answer = await findStuck(io, client, options);
  if (answer === undefined) return io.exitWith(exitCodes.unreachable);
  const { jobId, ...found } = answer;
  // JSON and YAML output is a single document; with --fix it includes the outcome of each task.
  const humanReadable = isForPeople(output);
  if (humanReadable || fix === undefined)
    printAs(io, output, found, (table) => stuckLines(io, found, table, { ...options, jobId }));
  if (found.items.length === 0) {
    if (!humanReadable && fix !== undefined) printAs(io, output, { ...found, fixed: [] }, () => []);
    // Tasks that the API cannot read may be stuck.
    if (searchedBy(found)?.complete === false) io.exitWith(exitCodes.unreachable);
    return;
  }
  io.exitWith(exitCodes.stuck);
  if (fix === undefined || !(await confirmFix(io, options, found.items))) return;
  const fixed = await client.failStuck(found.items);
  printAs(io, output, { ...found, fixed }, () => fixed.map(fixedLine));
  // Tasks that changed in the meantime are no longer stuck. If the list was truncated, stuck tasks remain: keep exit code 3.
  if (found.total === found.items.length) io.exitWith(exitCodes.done);
}

/** Undefined, with the reason printed, if it cannot be known what is stuck. */
async function findStuck(
  io: Io,
  client: GenwardenClient,
  options: StuckOptions,
): Promise<(StuckList & { readonly jobId: string | undefined }) | undefined> {
  const { olderThan: age, jobId, pool } = options;
  try {
    const id = jobId === undefined ? undefined : await jobIdOf(client, jobId, resourcesOf(io, options));
    const found = await client.stuck({
      olderThan: age,
      ...(id === undefined ? {} : { jobId: id }),
      ...(pool === undefined ? {} : { pool }),
    });
    return { ...found, jobId: id };
  } catch (error) {
    if (error instanceof GenwardenApiError) reportError(io, error);
    else if (error instanceof GenwardenError && error.code === 'JobNotFound') reportUnknownJob(io, error);
    else throw error;
    writeLine(io.stderr, '  It is not known whether a task is stuck.');
    return undefined;
  }
}

function reportUnknownJob({ stderr }: Io, { message, code, hint }: GenwardenError): void {
  for (const line of errorLines(stderr, { message, code, hint })) writeLine(stderr, line);
}

/** Throws `UsageError` without a terminal to prompt on. */
async function confirmFix(io: Io, { yes }: StuckOptions, tasks: readonly StuckTask[]): Promise<boolean> {
  if (yes === true) return true;
  const what = tasks.length === 1 ? 'this task' : `these ${tasks.length} tasks`;
  const answer = await io.ask(`Fail ${what}? No other task is changed. [y/N] `);
  if (answer === undefined) {
    throw new GenwardenError(
      'UsageError',
      'No terminal for the confirmation prompt: pass --yes to fail the printed tasks',
    );
  }
  if (/^y(es)?$/i.test(answer.trim())) return true;
  writeLine(io.stderr, 'Nothing was changed.');
  return false;
}

function stuckLines(
  io: Io,
  found: StuckList,
  options: TableOptions,
  { allNamespaces, jobId, pool }: Omit<StuckOptions, 'jobId'> & { readonly jobId: string | undefined },
): string[] {
  const { items, total } = found;
  const searched = searchedBy(found);
  const warnings = (searched === undefined ? [] : warningsOf(searched)).flatMap((line) =>
    hanging('', line, options.width),
  );
  if (items.length === 0) return [...hanging('', nothingStuck(searched, jobId, pool), options.width), ...warnings];
  const namespace: Column<StuckTask>[] =
    allNamespaces === true ? [{ title: 'NAMESPACE', value: ({ tenant }) => tenant, min: 10, drop: 2 }] : [];
  const more =
    total > items.length ? ['', `${total - items.length} more ${isOrAre(total - items.length)} not shown.`] : [];
  const advice = [...new Set(items.flatMap((task) => task.advice))].flatMap((line) =>
    hanging('- ', line, options.width),
  );
  return [
    ...renderTable(items, [...namespace, ...columnsFor(io)], options),
    ...more,
    ...(advice.length > 0 ? ['', ...advice] : []),
    ...(warnings.length > 0 ? ['', ...warnings] : []),
  ];
}

/** APIs of earlier versions do not say what they looked at. */
const searchedBy = ({ searched }: Partial<Pick<StuckList, 'searched'>>): Searched | undefined => searched;

/** The all-clear, with what was looked at. */
function nothingStuck(searched: Searched | undefined, jobId: string | undefined, pool: string | undefined): string {
  if (searched === undefined) return 'Nothing is stuck, as far as this API of an earlier version knows.';
  const { openTasks, jobs, jobState, tenant, sequence, ageMs } = searched;
  const scope = [
    tenant === null ? 'all tenants' : `tenant ${printable(tenant)}`,
    ...(pool === undefined ? [] : [`pool ${printable(pool)}`]),
  ];
  const seen = `(${scope.join(', ')}, seen up to sequence ${sequence}, ${about(ageMs)} ago)`;
  const where = jobId === undefined ? '' : ` of job ${printable(jobId)}`;
  if (openTasks > 0) return `No task of ${openTasks} open${where} is stuck ${seen}.`;
  if (jobState !== null) return `No task${where}, which is ${jobState}, is open ${seen}.`;
  if (jobs === 0) return `No task is open, and no job is known ${seen}.`;
  return `No task is open; ${count(jobs, 'job')} known ${seen}.`;
}

function warningsOf({ complete, leader }: Searched): string[] {
  return [
    ...(leader === null
      ? ['Warning: no controller leads, so nothing moves tasks that become overdue. Start `genwarden controller`.']
      : []),
    ...(complete
      ? []
      : ['Warning: tasks of a newer version are not included: this API cannot read them. Upgrade the API.']),
  ];
}

function columnsFor(io: Io): Column<StuckTask>[] {
  const paint = paintFor(io, io.stdout);
  return [
    { title: 'JOB', value: ({ job }) => job },
    { title: 'TASK', value: ({ task }) => task, align: 'right', drop: 1 },
    { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: 'FOR', value: ({ sinceMs }) => shortDuration(sinceMs), align: 'right', drop: 2 },
    {
      title: 'CAUSE',
      value: ({ cause }) => cause,
      wrap: 16,
      drop: 3,
      paint: (text, { overdue }) => (overdue ? paint('red', text) : text),
    },
    { title: 'POOL', value: ({ pool }) => pool, wide: true },
    { title: 'TENANT', value: ({ tenant }) => tenant, wide: true },
    { title: 'DUE', value: ({ dueAt }) => untilTime(dueAt, io.now()), wide: true },
    { title: 'NAME', value: ({ name }) => name, wide: true },
    { title: 'WHY', value: ({ summary }) => summary, wrap: 24, drop: 4 },
  ];
}

const outcomes: Readonly<Record<FixedTask['outcome'], string>> = {
  failed: 'failed with FailedByOperator',
  changed: 'not changed: the task has moved since it was listed',
  notFound: 'no longer exists',
};

const fixedLine = ({ job, task, outcome }: FixedTask): string => `${job}/${task} ${outcomes[outcome]}`;
