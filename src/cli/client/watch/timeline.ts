// How the tasks of a job got to where they are, from its history: a line a task with its waits and attempts in words, and on a
// terminal with a bar on the time axis of the job.

import stringWidth from 'string-width';
import type { Job, Transition } from '../../../client/index.ts';
import { shortDuration } from '../../output/format.ts';
import { cut, pad, printable, wrapped } from '../../output/text.ts';
import type { Paint } from '../../output/colours.ts';
import { taskName } from '../waitText.ts';

export interface TimelineOptions {
  readonly paint: Paint;
  /** The terminal's width; absent: no terminal, so no bars, and nothing is cut. */
  readonly columns?: number | undefined;
}

/** From the moment at which the task entered a state to the next one. */
interface Span {
  readonly entered: Transition;
  readonly left: Transition | undefined;
}

const mostTasks = 20;
/** Columns of a terminal that has room for bars and the legend. */
const narrowest = 78;

/** Empty if the history is. Tasks that took more than one attempt or did not succeed come first if not all fit. */
export function timelineLines(job: Job, history: readonly Transition[], options: TimelineOptions): string[] {
  const tasks = [...Map.groupBy(history, ({ task }) => task).values()].map(spansOf);
  const shown = tasks.toSorted(byInterest).slice(0, mostTasks).toSorted(byIndex);
  if (shown.length === 0) return [];
  const { paint, columns = Infinity } = options;
  const axis = columns === Infinity || columns < narrowest ? undefined : axisOf(shown, columns < 100 ? 12 : 24);
  const longestName = Math.max(8, Math.min(20, Math.floor(columns / 4)));
  const names = shown.map(([span]) => cut(printable(nameOf(span!)), longestName));
  const nameColumns = Math.max(...names.map((name) => stringWidth(name)));
  const lines = shown.flatMap((spans, at) => {
    const head = `  ${pad(names[at]!, nameColumns)}  ${axis === undefined ? '' : `${barOf(spans, axis)}  `}`;
    const words = broken(wordsOf(spans, columns), columns - stringWidth(head));
    return words.map((line, row) => cut(row === 0 ? head + line : ' '.repeat(stringWidth(head)) + line, columns));
  });
  const more = tasks.length - shown.length;
  const title = `${paint('bold', `Timeline of ${job.id}:`)}${axis === undefined ? '' : ` ${legend}`}`;
  return [title, ...lines, ...(more > 0 ? [`  … and ${more} more`] : [])];
}

/** Lines of at most so many columns, if the words allow it. */
function broken(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const [at, word] of words.entries()) {
    const next = at === 0 ? word : `→ ${word}`;
    const last = lines.at(-1);
    if (stringWidth(next) > columns) lines.push(...wrapped(next, columns));
    else if (last === undefined || stringWidth(`${last} ${next}`) > columns) lines.push(next);
    else lines[lines.length - 1] = `${last} ${next}`;
  }
  return lines;
}

function spansOf(transitions: readonly Transition[]): Span[] {
  const ordered = transitions.toSorted((a, b) => a.sequence - b.sequence);
  return ordered.map((entered, at) => ({ entered, left: ordered[at + 1] }));
}

const nameOf = ({ entered: { task, name } }: Span): string => taskName({ index: task, name });

function byIndex([a]: readonly Span[], [b]: readonly Span[]): number {
  return a!.entered.task - b!.entered.task;
}

/** Every retry, review and loss adds spans. */
function byInterest(a: readonly Span[], b: readonly Span[]): number {
  const failed = (spans: readonly Span[]): number => (spans.at(-1)!.entered.state === 'succeeded' ? 0 : 1);
  return failed(b) - failed(a) || b.length - a.length || byIndex(a, b);
}

/** A narrow terminal names the workers only of a task that had several. */
function wordsOf(spans: readonly Span[], columns: number): string[] {
  const workers = new Set(spans.flatMap(({ entered }) => entered.worker ?? []));
  const named = columns >= 100 || workers.size > 1;
  return spans.map((span, at) => printable(wordOf(span, spans[at - 1], named)));
}

function wordOf({ entered, left }: Span, before: Span | undefined, named: boolean): string {
  const { state, run, attempt, reason, worker } = entered;
  const took = left === undefined ? '' : ` ${tookText(Date.parse(left.at) - Date.parse(entered.at))}`;
  const newRun = before !== undefined && run > before.entered.run ? `run ${run}: ` : '';
  switch (state) {
    case 'queued':
      return `${newRun}queued${took}`;
    case 'running': {
      const end = left === undefined || isResult(left) ? '' : `: ${left.reason}`;
      return `attempt ${attempt}${worker === null || !named ? '' : ` on ${worker}`}${took}${end}`;
    }
    case 'waiting':
      return `${newRun}${reason === 'AwaitingTasks' ? 'waited for other tasks' : 'backoff'}${took}`;
    case 'needs_review':
      return `in review${took}`;
    default:
      // What failed an attempt is named beside it.
      return state === 'failed' && before?.entered.state !== 'running' ? `failed: ${reason}` : state;
  }
}

/** What comes after the attempt says how it ended. */
const isResult = ({ state }: Transition): boolean => ['succeeded', 'needs_review', 'cancelled'].includes(state);

const tookText = (ms: number): string => (ms < 10_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)}s` : shortDuration(ms));

const marks: Readonly<Record<string, string>> = { queued: '░', running: '█', waiting: '┄', needs_review: '▒' };
const legend = '░ queued █ running ┄ waiting ▒ review';

interface Axis {
  readonly columns: number;
  readonly start: number;
  readonly end: number;
}

function axisOf(tasks: readonly (readonly Span[])[], columns: number): Axis {
  const times = tasks.flat().map(({ entered }) => Date.parse(entered.at));
  return { columns, start: Math.min(...times), end: Math.max(...times) };
}

/** What the task did for most of each column's time. */
function barOf(spans: readonly Span[], { columns, start, end }: Axis): string {
  const step = Math.max(1, end - start) / columns;
  return Array.from({ length: columns }, (_, at) => {
    const [from, to] = [start + at * step, start + (at + 1) * step];
    let [longest, mark] = [0, ' '];
    for (const { entered, left } of spans) {
      const until = left === undefined ? (entered.state in marks ? end : Date.parse(entered.at)) : Date.parse(left.at);
      const overlap = Math.min(to, until) - Math.max(from, Date.parse(entered.at));
      if (overlap > longest) [longest, mark] = [overlap, marks[entered.state] ?? ' '];
    }
    return mark;
  }).join('');
}
