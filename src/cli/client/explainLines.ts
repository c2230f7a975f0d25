// An explanation as lines for people: tasks that stand for the same reason are told once.

import type { ExplainedJob, ExplainedTask, ObservedPool } from '../../client/index.ts';
import { ageOf, shortDuration } from '../output/age.ts';
import { printable } from '../output/cells.ts';
import { paintFor, paintState, type Paint } from '../output/colours.ts';
import type { Io } from '../output/io.ts';

export function explainLines(io: Io, { id, state, summary, tasks, pool }: ExplainedJob): string[] {
  const paint = paintFor(io, io.stdout);
  return [
    // Of a single task the lines below say the same.
    `job ${printable(id)} is ${paintState(paint, state)}${tasks.length === 1 ? '' : `: ${printable(summary)}`}`,
    ...groupsOf(tasks).flatMap((group) => ['', ...groupLines(paint, group)]),
    '',
    poolLine(pool, io.now()),
  ];
}

function groupsOf(tasks: readonly ExplainedTask[]): ExplainedTask[][] {
  return [...Map.groupBy(tasks, ({ state, cause, advice }) => JSON.stringify([state, cause, advice])).values()];
}

const mostNamed = 5;

/** The first of the group speaks for all. */
function groupLines(paint: Paint, group: readonly ExplainedTask[]): string[] {
  const first = group[0]!;
  const names = group.slice(0, mostNamed).map(({ task, name }) => `${task}${name === null ? '' : ` (${name})`}`);
  const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : '';
  const head = `${group.length === 1 ? 'task' : 'tasks'} ${names.join(', ')}${more}`;
  const since = `for ${shortDuration(first.sinceMs)}, run ${first.run}, attempt ${first.attempt}`;
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
    .filter(([, count]) => count > 0)
    .map(([lane, count]) => `${lane} ${count}`);
  const parts = [
    ...(paused ? [`paused${pausedUntil === null ? '' : ` until ${pausedUntil}`}`] : []),
    `${workers} ${workers === 1 ? 'worker' : 'workers'}${draining > 0 ? ` (${draining} shutting down)` : ''}`,
    `${slots.free} of ${slots.total} slots free`,
    `queued: ${waiting.join(', ') || 'none'}`,
    ...(keys === null
      ? []
      : [`keys: ${keys.map(({ fingerprint, state }) => `${fingerprint} ${state}`).join(', ') || 'none'}`]),
    `last claim: ${lastClaimAt === null ? 'none known' : `${ageOf(lastClaimAt, now)} ago`}`,
  ];
  return printable(`pool ${name}: ${parts.join('; ')}`);
}
