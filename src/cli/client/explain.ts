// `genwarden explain`: why a job is in its current state, what happens next, and what to do. Tasks in the same situation
// are explained once.

import type { Command } from 'commander';
import { about } from '../../job/duration.ts';
import { count } from '../../job/explain/format.ts';
import type { ExplainedJob, ExplainedTask, ObservedPool } from '../../client/index.ts';
import { paintFor, paintState, type Paint } from '../output/colours.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import type { TableOptions } from '../output/table.ts';
import { hanging, printable } from '../output/text.ts';
import { jobArgument } from './ids.ts';
import { clientCommand, withJob } from './session.ts';
import { traceLine } from './traceLine.ts';

export function addExplain(program: Command, io: Io): void {
  clientCommand(program, 'explain', 'Explain why a job is in its current state, what happens next, and what to do')
    .addArgument(jobArgument())
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withJob(io, async (client, id: string, { output }: { output: OutputFormat }) => {
        const explained = await client.explain(id);
        printAs(io, output, explained, (options) => explainLines(io, explained, options));
      }),
    );
}

function explainLines(
  io: Io,
  { id, state, summary, tasks, pool, ...trace }: ExplainedJob,
  { width }: TableOptions,
): string[] {
  const paint = paintFor(io, io.stdout);
  const head = `job ${printable(id)} is ${paintState(paint, state)}`;
  return [
    // A single task's own lines contain the same summary.
    ...(tasks.length === 1 ? [head] : hanging(`${head}: `, summary, width)),
    ...groupsOf(tasks).flatMap((group) => ['', ...groupLines(paint, group, width)]),
    '',
    ...hanging(`pool ${printable(pool.name)}: `, poolText(pool, io.now()), width),
    ...traceLine(trace),
  ];
}

function groupsOf(tasks: readonly ExplainedTask[]): ExplainedTask[][] {
  return [...Map.groupBy(tasks, ({ state, cause, advice }) => JSON.stringify([state, cause, advice])).values()];
}

const mostNamed = 5;

/** All tasks of a group have the same explanation as the first. */
function groupLines(paint: Paint, group: readonly ExplainedTask[], width: number | undefined): string[] {
  const first = group[0]!;
  const names = group.slice(0, mostNamed).map(({ task, name }) => `${task}${name === null ? '' : ` (${name})`}`);
  const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : '';
  const head = `${group.length === 1 ? 'task' : 'tasks'} ${names.join(', ')}${more}`;
  const since = `for ${about(first.sinceMs)}, run ${first.run}, attempt ${first.attempt}`;
  return [
    ...hanging(`${printable(head)}  ${paintState(paint, first.state)} `, since, width),
    ...labelled('why', [first.summary, ...first.details], width),
    ...labelled(
      'next',
      first.next.map(({ says }) => says),
      width,
    ),
    ...labelled('do', first.advice, width),
  ];
}

function labelled(label: string, lines: readonly string[], width: number | undefined): string[] {
  return lines.flatMap((line, at) => hanging(`  ${(at === 0 ? label : '').padEnd(6)}`, line, width));
}

function poolText(
  { workers, draining, slots, lanes, keys, paused, pausedUntil, lastClaimAt }: ObservedPool,
  now: number,
) {
  const waiting = Object.entries(lanes)
    .filter(([, tasks]) => tasks > 0)
    .map(([lane, tasks]) => `${lane} ${tasks}`);
  const parts = [
    ...(paused ? [`paused${pausedUntil === null ? '' : ` until ${pausedUntil}`}`] : []),
    `${count(workers, 'worker')}${draining > 0 ? ` (${draining} draining)` : ''}`,
    `${slots.free} of ${count(slots.total, 'slot')} free`,
    `queued: ${waiting.join(', ') || 'none'}`,
    ...(keys === null
      ? []
      : [`keys: ${keys.map(({ fingerprint, state }) => `${fingerprint} ${state}`).join(', ') || 'none'}`]),
    `last claim: ${lastClaimAt === null ? 'none known' : `${about(now - Date.parse(lastClaimAt))} ago`}`,
  ];
  return parts.join('; ');
}
