// The screen of `watch` on a terminal: for each job a line with its progress bar, then a line for each task that fits.

import type { Job, Task } from '../../../client/index.ts';
import { timeBetween, untilTime } from '../../output/format.ts';
import { cut, wrapped } from '../../output/text.ts';
import { paintState, type Paint } from '../../output/colours.ts';
import { renderTable, type Column } from '../../output/table.ts';
import { doneOf } from '../jobTables.ts';
import { taskName, waitText } from '../waitText.ts';
import type { ShownText } from './runningTexts.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** ms since 1970. */
  readonly now: number;
  readonly paint: Paint;
  /** Why the API does not answer; absent while it does. */
  readonly outage?: string | undefined;
  /** Shown below the tasks, as far as there is room. */
  readonly text?: ShownText | undefined;
}

/** At most `rows - 1` lines of at most `columns`: the cursor needs one line. */
export function screenLines(jobs: readonly Job[], screen: Screen): string[] {
  const room = Math.max(1, screen.rows - 1 - (screen.outage === undefined ? 0 : 1));
  const rowsEach = Math.max(1, Math.floor(room / Math.max(1, jobs.length)));
  const lines = jobs.flatMap((job) => jobBlock(job, rowsEach, screen)).slice(0, room);
  const written = textLines(jobs, screen, room - lines.length);
  if (screen.outage === undefined) return [...lines, ...written];
  const notice = cut(`API unavailable, retrying: ${screen.outage}`, screen.columns);
  return [...lines, ...written, screen.paint('yellow', notice)];
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

/** A narrow terminal needs the columns for names and reasons. */
const barColumns = ({ columns }: Screen): number => (columns >= 100 ? 20 : 10);

function jobBlock(job: Job, rows: number, screen: Screen): string[] {
  const tasks = job.tasks ?? [];
  const fitting = tasks.length + 1 <= rows ? tasks : mostRelevant(tasks, Math.max(0, rows - 2));
  // Drops the header row: the columns are self-explanatory.
  const lines = renderTable(fitting, taskColumns(screen), { width: screen.columns }).slice(1);
  const hidden = tasks.length - fitting.length;
  const rest = hidden > 0 && rows > 1 ? [cut(`  … and ${hidden} more`, screen.columns)] : [];
  return [jobLine(job, screen), ...lines, ...rest];
}

function jobLine(job: Job, screen: Screen): string {
  const { now, paint, columns } = screen;
  const { id, state, progress, submittedAt, finishedAt, deadlineAt } = job;
  const failed = progress.failed > 0 ? `, ${progress.failed} failed` : '';
  const bar = progressBar(progress.fraction, barColumns(screen));
  const left = finishedAt === null ? `  ends ${untilTime(deadlineAt, now)} at the latest` : '';
  const age = timeBetween(submittedAt, finishedAt, now);
  const text = `${id}  ${state}  ${bar}  ${doneOf(job)} done${failed}  ${age}${left}`;
  return paintState(paint, state, cut(text, columns));
}

/** Tasks that change or failed come first. */
const relevance = ['running', 'waiting', 'needs_review', 'failed', 'queued', 'cancelled', 'succeeded'];

function mostRelevant(tasks: readonly Task[], count: number): Task[] {
  const sorted = tasks.toSorted((a, b) => relevance.indexOf(a.state) - relevance.indexOf(b.state) || a.index - b.index);
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

/** Time in the queue, then time since the start, and after the end the total running time. */
function ageOfTask({ queuedAt, startedAt, completedAt, failedAt }: Task, now: number): string {
  return timeBetween(startedAt ?? queuedAt, completedAt ?? failedAt, now);
}

function reasonOf(task: Task, now: number): string {
  const { state, reason, phase, retryAt, error, waitingFor, worker } = task;
  if (retryAt !== null) return `${reason}, next attempt ${untilTime(retryAt, now)}`;
  if (waitingFor !== null) return `${waitText(waitingFor, now)}: ${waitingFor.detail}`;
  // An API of an earlier version sends no phase.
  const doing = phase ?? reason;
  if (error !== null) return `${reason}: ${error.message}`;
  return state === 'running' && worker !== null ? `${doing}, on ${worker}` : doing;
}

/** `fraction` (0 to 1, clamped) as a bar of `columns`, with its percentage: `██████░░░░  60%`. */
export function progressBar(fraction: number, columns: number): string {
  const part = Math.min(1, Math.max(0, Number.isNaN(fraction) ? 0 : fraction));
  const full = Math.floor(part * columns);
  // Rounded down, so that 100% means done.
  const percentage = `${Math.floor(part * 100)}%`.padStart(4);
  return `${'█'.repeat(full)}${'░'.repeat(columns - full)} ${percentage}`;
}
