// The screen of `watch` on a terminal: for each job a line with its progress bar, a line for each task that fits, and why tasks wait.

import stringWidth from 'string-width';
import type { Job, ListedJob, Task } from '../../../client/index.ts';
import { clockOf, timeBetween, timeLeft } from '../../output/format.ts';
import { cut, wrapped } from '../../output/text.ts';
import { paintState, type Paint } from '../../output/colours.ts';
import { doneOf } from '../jobTables.ts';
import { waitLines, waitText } from '../waitText.ts';
import { jobBar } from './bars.ts';
import { paragraph } from './paragraph.ts';
import type { ShownText } from './runningTexts.ts';
import { taskRows } from './taskRows.ts';

export interface Outage {
  readonly why: string;
  /** ms since 1970. */
  readonly since: number;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** ms since 1970. */
  readonly now: number;
  readonly paint: Paint;
  /** Since when and why the API does not answer; absent while it does. */
  readonly outage?: Outage | undefined;
  /** Shown below the tasks, as far as there is room. */
  readonly text?: ShownText | undefined;
}

/** At most `rows - 1` lines of at most `columns`: the cursor needs one line. */
export function screenLines(jobs: readonly Job[], screen: Screen): string[] {
  const room = Math.max(1, screen.rows - 1 - (screen.outage === undefined ? 0 : 1));
  const rowsEach = Math.max(1, Math.floor(room / Math.max(1, jobs.length)));
  const lines = jobs.flatMap((job) => jobBlock(job, rowsEach, screen)).slice(0, room);
  const waits = waitBlock(jobs, screen, room - lines.length);
  const written = textLines(jobs, screen, room - lines.length - waits.length);
  return [...lines, ...waits, ...written, ...outageLine(screen)];
}

function outageLine({ outage, columns, now, paint }: Screen): string[] {
  if (outage === undefined) return [];
  const since = clockOf(new Date(outage.since).toISOString(), now);
  return [paint('yellow', cut(`API unavailable since ${since}, retrying: ${outage.why}`, columns))];
}

/** The whole reasons, below an empty line, if there is room for them. */
function waitBlock(jobs: readonly Job[], { columns }: Screen, room: number): string[] {
  const reasons = waitLines(jobs.flatMap(({ tasks = [] }) => tasks)).map((line) => paragraph(line, columns));
  const fitting = reasons.filter((_, at) => 1 + reasons.slice(0, at + 1).flat().length <= room).flat();
  return fitting.length === 0 ? [] : ['', ...fitting];
}

/** The end of the text, below an empty line. Only what counts: an attempt that failed has left its text behind. */
function textLines(jobs: readonly Job[], { text: shown, columns }: Screen, room: number): string[] {
  const job = jobs.find(({ id }) => id === shown?.job);
  const task = job?.tasks?.find(({ index }) => index === shown?.task);
  const counts = task !== undefined && ['running', 'needs_review', 'succeeded'].includes(task.state);
  if (shown === undefined || !counts || room < 2) return [];
  // Breaking a long text into lines takes time: only from the start of a line that may be shown.
  const start = shown.text.lastIndexOf('\n', shown.text.length - room * columns) + 1;
  return ['', ...wrapped(shown.text.slice(start), columns).slice(1 - room)];
}

function jobBlock(job: Job, rows: number, screen: Screen): string[] {
  const head = jobLines(job, screen, rows);
  return [...head, ...fittingRows(job.tasks ?? [], rows - head.length, screen)];
}

/** Whole reasons if they fit, else one line a task, else the tasks that matter most. */
export function fittingRows(tasks: readonly Task[], rows: number, screen: Omit<Screen, 'rows'>): string[] {
  // A text that a model writes needs the rows itself.
  const mayWrap = screen.text === undefined && tasks.length <= rows;
  const whole = mayWrap ? taskRows(tasks, screen, { wrap: true }) : [];
  if (mayWrap && whole.length <= rows) return whole;
  const fitting = tasks.length <= rows ? tasks : mostRelevant(tasks, Math.max(0, rows - 1));
  const hidden = tasks.length - fitting.length;
  const rest = hidden > 0 && rows > 0 ? [cut(`  … and ${hidden} more`, screen.columns)] : [];
  return [...taskRows(fitting, screen, { wrap: false }), ...rest];
}

/** A narrow terminal needs the columns for names and reasons. */
const barColumns = (columns: number): number => (columns >= 100 ? 20 : 10);

/** One line, or two if even the most important parts do not fit into one. */
export function jobLines(job: Job, { now, paint, columns }: Omit<Screen, 'rows'>, rows = Infinity): string[] {
  const { id, state, progress, submittedAt, finishedAt, deadlineAt } = job;
  const counts = [`${doneOf(job)} done`, ...otherCounts(progress)].join(', ');
  const age = timeBetween(submittedAt, finishedAt, now);
  const first = `${id}  ${state}`;
  const bar = jobBar(progress, barColumns(columns));
  const second = `${bar}  ${counts}  ${age}`;
  const wait = rows === 1 ? waitText(job.waitingFor, now) : '';
  const end = `ends by ${clockOf(deadlineAt, now)} (${timeLeft(deadlineAt, now)})`;
  const extras = [...(wait === '' ? [] : [wait]), ...(finishedAt === null ? [end] : [])];
  const line = [first, second, ...extras].reduce((all, part) =>
    part === second || stringWidth(`${all}  ${part}`) <= columns ? `${all}  ${part}` : all,
  );
  const short = `  ${bar}  ${counts}`;
  const below = stringWidth(`${short}  ${age}`) <= columns ? `${short}  ${age}` : short;
  const lines = rows > 1 && stringWidth(line) > columns ? [first, below] : [line];
  return lines.map((text) => paintState(paint, state, cut(text, columns)));
}

function otherCounts({ failed, cancelled, needs_review: inReview }: ListedJob['progress']): string[] {
  return [`${failed} failed`, `${cancelled} cancelled`, `${inReview} in review`].filter((it) => !it.startsWith('0 '));
}

/** Tasks that change or failed come first. */
const relevance = ['running', 'waiting', 'needs_review', 'failed', 'queued', 'cancelled', 'succeeded'];

function mostRelevant(tasks: readonly Task[], count: number): Task[] {
  const sorted = tasks.toSorted((a, b) => relevance.indexOf(a.state) - relevance.indexOf(b.state) || a.index - b.index);
  return sorted.slice(0, count).toSorted((a, b) => a.index - b.index);
}
