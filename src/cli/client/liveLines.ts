// What `watch` draws on a terminal: for each job a line with its bar, and below it one line a task, as many as fit.

import type { Job, Task } from '../../client/index.ts';
import { timeBetween, untilTime } from '../output/age.ts';
import { progressBar } from '../output/bar.ts';
import { cut } from '../output/cells.ts';
import { paintState, type Paint } from '../output/colours.ts';
import { renderTable, type Column } from '../output/table.ts';
import { doneOf, taskName } from './jobLines.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** ms since 1970. */
  readonly now: number;
  readonly paint: Paint;
  /** Why the API does not answer, while it does not. */
  readonly away?: string | undefined;
}

/** At most `rows - 1` lines of at most `columns`: the cursor needs a line of its own. */
export function liveLines(jobs: readonly Job[], screen: Screen): string[] {
  const room = Math.max(1, screen.rows - 1 - (screen.away === undefined ? 0 : 1));
  const rowsEach = Math.max(1, Math.floor(room / Math.max(1, jobs.length)));
  const lines = jobs.flatMap((job) => jobBlock(job, rowsEach, screen)).slice(0, room);
  if (screen.away === undefined) return lines;
  const notice = cut(`API away, trying again: ${screen.away}`, screen.columns);
  return [...lines, screen.paint('yellow', notice)];
}

/** A narrow terminal needs its columns for what the bar is about. */
const barColumns = ({ columns }: Screen): number => (columns >= 100 ? 20 : 10);

function jobBlock(job: Job, rows: number, screen: Screen): string[] {
  const tasks = job.tasks ?? [];
  const fitting = tasks.length + 1 <= rows ? tasks : mostInteresting(tasks, Math.max(0, rows - 2));
  // The titles of the table are left out: bars explain themselves.
  const lines = renderTable(fitting, taskColumns(screen), { width: screen.columns }).slice(1);
  const hidden = tasks.length - fitting.length;
  const rest = hidden > 0 && rows > 1 ? [cut(`  … and ${hidden} more`, screen.columns)] : [];
  return [jobLine(job, screen), ...lines, ...rest];
}

function jobLine(job: Job, screen: Screen): string {
  const { now, paint, columns } = screen;
  const { id, state, progress, submittedAt, finishedAt } = job;
  const failed = progress.failed > 0 ? `, ${progress.failed} failed` : '';
  const bar = progressBar(progress.fraction, barColumns(screen));
  const text = `${id}  ${state}  ${bar}  ${doneOf(job)} done${failed}  ${timeBetween(submittedAt, finishedAt, now)}`;
  return paintState(paint, state, cut(text, columns));
}

/** What moves or went wrong comes first; among equals the order of the job. */
const interest = ['running', 'waiting', 'needs_review', 'failed', 'queued', 'cancelled', 'succeeded'];

function mostInteresting(tasks: readonly Task[], count: number): Task[] {
  const sorted = tasks.toSorted((a, b) => interest.indexOf(a.state) - interest.indexOf(b.state) || a.index - b.index);
  return sorted.slice(0, count).toSorted((a, b) => a.index - b.index);
}

const longestName = 30;

function taskColumns(screen: Screen): Column<Task>[] {
  const { now, paint } = screen;
  return [
    { title: '', value: (task) => `  ${cut(taskName(task), longestName)}` },
    { title: '', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    { title: '', value: ({ progress }) => progressBar(progress, barColumns(screen)) },
    { title: '', value: ({ attempt, run }) => (run > 1 ? `run ${run}, attempt ${attempt}` : `attempt ${attempt}`) },
    { title: '', value: (task) => ageOfTask(task, now), align: 'right' },
    { title: '', value: (task) => reasonOf(task, now) },
  ];
}

/** Time in the queue until it starts, time since the start until it ends, then how long it took. */
function ageOfTask({ queuedAt, startedAt, completedAt, failedAt }: Task, now: number): string {
  return timeBetween(startedAt ?? queuedAt, completedAt ?? failedAt, now);
}

function reasonOf({ reason, retryAt, error }: Task, now: number): string {
  if (retryAt !== null) return `${reason}, again ${untilTime(retryAt, now)}`;
  return error === null ? reason : `${reason}: ${error.message}`;
}
