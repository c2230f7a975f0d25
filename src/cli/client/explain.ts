// `genwarden explain`: why a job is in its current state, what happens next, and what to do. Tasks in the same situation
// are explained once.

import type { Command } from 'commander';
import { about } from '../../job/duration.ts';
import { count } from '../../job/explain/format.ts';
import type { ExplainedJob, ExplainedTask, ObservedPool } from '../../client/index.ts';
import { paintFor, paintState, type Paint } from '../output/colours.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { printable } from '../output/text.ts';
import { clientCommand, withClient } from './session.ts';
import { traceLine } from './traceLine.ts';

export function addExplain(program: Command, io: Io): void {
  clientCommand(program, 'explain', 'Explain why a job is in its current state, what happens next, and what to do')
    .argument('<job>', 'id of the job')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(
      withClient(io, async (client, id: string, { output }: { output: OutputFormat }) => {
        const explained = await client.explain(id);
        printAs(io, output, explained, () => explainLines(io, explained));
      }),
    );
}

function explainLines(io: Io, { id, state, summary, tasks, pool, ...trace }: ExplainedJob): string[] {
  const paint = paintFor(io, io.stdout);
  return [
    // A single task's own lines contain the same summary.
    `job ${printable(id)} is ${paintState(paint, state)}${tasks.length === 1 ? '' : `: ${printable(summary)}`}`,
    ...groupsOf(tasks).flatMap((group) => ['', ...groupLines(paint, group)]),
    '',
    poolLine(pool, io.now()),
    ...traceLine(trace),
  ];
}

function groupsOf(tasks: readonly ExplainedTask[]): ExplainedTask[][] {
  return [...Map.groupBy(tasks, ({ state, cause, advice }) => JSON.stringify([state, cause, advice])).values()];
}

const mostNamed = 5;

/** All tasks of a group have the same explanation as the first. */
function groupLines(paint: Paint, group: readonly ExplainedTask[]): string[] {
  const first = group[0]!;
  const names = group.slice(0, mostNamed).map(({ task, name }) => `${task}${name === null ? '' : ` (${name})`}`);
  const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : '';
  const head = `${group.length === 1 ? 'task' : 'tasks'} ${names.join(', ')}${more}`;
  const since = `for ${about(first.sinceMs)}, run ${first.run}, attempt ${first.attempt}`;
  return [
    `${printable(head)}  ${paintState(paint, first.state)} ${since}`,
    ...labelled('why', [first.summary, ...first.details]),
    ...labelled(
      'next',
      first.next.map(({ says }) => says),
    ),
    ...labelled('do', first.advice),
  ];
}

function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, at) => `  ${(at === 0 ? label : '').padEnd(6)}${printable(line)}`);
}

function poolLine(
  { name, workers, draining, slots, lanes, keys, paused, pausedUntil, lastClaimAt }: ObservedPool,
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
  return printable(`pool ${name}: ${parts.join('; ')}`);
}
