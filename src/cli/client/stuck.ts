// `genwarden stuck`: lists tasks that make no progress; `--fix` fails exactly the tasks that were printed.

import { isOrAre } from '../../job/explain/format.ts';
import { InvalidArgumentError, type Command } from 'commander';
import type { FixedTask, GenwardenClient, StuckList, StuckTask } from '../../client/index.ts';
import { durationForm, parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { exitCodes } from '../exitCodes.ts';
import { shortDuration, untilTime } from '../output/format.ts';
import { hanging } from '../output/text.ts';
import { paintFor, paintState } from '../output/colours.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { idOfJob, jobIdOf } from './ids.ts';
import { clientCommand, withClient } from './session.ts';

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
    .action(withClient(io, (client, options: StuckOptions) => runStuck(io, client, options)));
}

/** A plain number means minutes. */
function olderThan(text: string): string {
  const duration = /^\d+$/.test(text) ? `${text}m` : text;
  if (parseDuration(duration) === undefined) {
    throw new InvalidArgumentError(`Expected a number of minutes or ${durationForm}.`);
  }
  return duration;
}

async function runStuck(io: Io, client: GenwardenClient, options: StuckOptions): Promise<void> {
  const { olderThan: age, jobId, pool, output, fix } = options;
  const found = await client.stuck({
    olderThan: age,
    ...(jobId === undefined ? {} : { jobId: await jobIdOf(client, jobId) }),
    ...(pool === undefined ? {} : { pool }),
  });
  // JSON and YAML output is a single document; with --fix it includes the outcome of each task.
  const humanReadable = output === 'table' || output === 'wide';
  if (humanReadable || fix === undefined) printAs(io, output, found, (table) => stuckLines(io, found, table, options));
  if (found.items.length === 0) {
    if (!humanReadable && fix !== undefined) printAs(io, output, { ...found, fixed: [] }, () => []);
    return;
  }
  io.exitWith(exitCodes.stuck);
  if (fix === undefined || !(await confirmFix(io, options, found.items))) return;
  const fixed = await client.failStuck(found.items);
  printAs(io, output, { ...found, fixed }, () => fixed.map(fixedLine));
  // Tasks that changed in the meantime are no longer stuck. If the list was truncated, stuck tasks remain: keep exit code 3.
  if (found.total === found.items.length) io.exitWith(exitCodes.done);
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
  { items, total }: StuckList,
  options: TableOptions,
  { allNamespaces }: StuckOptions,
): string[] {
  if (items.length === 0) return ['Nothing is stuck.'];
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
