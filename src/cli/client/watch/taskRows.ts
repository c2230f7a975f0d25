// The tasks of a job as rows of the screen: name, state, progress, attempt, age and reason. The reason matters most, so names and
// bars are short on a narrow terminal.

import stringWidth from 'string-width';
import type { Task } from '../../../client/index.ts';
import { timeBetween } from '../../output/format.ts';
import { cut, printable, wrapped } from '../../output/text.ts';
import { paintState, type Paint } from '../../output/colours.ts';
import { renderTable, type Column } from '../../output/table.ts';
import { taskName, taskWaitText } from '../waitText.ts';
import { progressBar } from './bars.ts';

export interface RowOptions {
  readonly columns: number;
  /** ms since 1970. */
  readonly now: number;
  readonly paint: Paint;
}

/** A reason that has less room is below its task. */
const narrowestReason = 24;

/** `wrap`: whole reasons, broken between words; else one line a task. No line is wider than the terminal. */
export function taskRows(tasks: readonly Task[], options: RowOptions, { wrap }: { wrap: boolean }): string[] {
  const { columns, now } = options;
  // Drops the header row: the columns are self-explanatory.
  const heads = renderTable(tasks, columnsFor(tasks, options), { width: columns }).slice(1);
  const headColumns = Math.max(0, ...heads.map((head) => stringWidth(head)));
  const room = columns - headColumns - 2;
  return heads.flatMap((head, at) => {
    const reason = printable(reasonOf(tasks[at]!, now));
    if (reason === '') return [head];
    const padded = head + ' '.repeat(headColumns - stringWidth(head) + 2);
    if (!wrap) return [room < 1 ? head : (padded + cut(reason, room)).trimEnd()];
    if (room < narrowestReason) return [head, ...indented(wrapped(reason, columns - 4), 4)];
    const [first = '', ...more] = wrapped(reason, room);
    return [padded + first, ...indented(more, headColumns + 2)];
  });
}

const indented = (lines: readonly string[], columns: number): string[] =>
  lines.map((line) => ' '.repeat(Math.max(0, columns)) + line);

function columnsFor(tasks: readonly Task[], { columns, now, paint }: RowOptions): Column<Task>[] {
  const longestName = columns >= 100 ? 30 : Math.max(8, Math.floor(columns * 0.3));
  const repeated = tasks.some(({ attempt, run }) => attempt > 1 || run > 1);
  return [
    { title: '', value: (task) => `  ${cut(taskName(task), longestName)}` },
    { title: '', value: ({ state }) => state, paint: (text, { state }) => paintState(paint, state, text) },
    ...only(columns >= 60, { title: '', value: (task) => progressOf(task, columns) }),
    ...only(repeated && columns >= 60, { title: '', value: triesOf }),
    ...only(columns >= 50, { title: '', value: (task) => ageOfTask(task, now), align: 'right' }),
  ];
}

const only = (shown: boolean, column: Column<Task>): Column<Task>[] => (shown ? [column] : []);

/** Nothing for what failed, or has not begun. */
function progressOf({ state, progress }: Task, columns: number): string {
  const bar = progressBar(progress, 10);
  const shown = columns >= 100 ? bar : bar.slice(-4);
  return state === 'running' || state === 'succeeded' ? shown : '';
}

/** `run 2, attempt 1`; empty before the first attempt. */
export function triesOf({ attempt, run }: Pick<Task, 'attempt' | 'run'>): string {
  return [...(run > 1 ? [`run ${run}`] : []), ...(attempt > 0 ? [`attempt ${attempt}`] : [])].join(', ');
}

/** Time in the queue, then time since the start, and after the end the total running time. */
function ageOfTask({ queuedAt, startedAt, completedAt, failedAt }: Task, now: number): string {
  return timeBetween(startedAt ?? queuedAt, completedAt ?? failedAt, now);
}

function reasonOf(task: Task, now: number): string {
  const { state, reason, message, phase, retryAt, error, waitingFor, worker } = task;
  if (waitingFor !== null || retryAt !== null) return taskWaitText(task, now);
  if (error !== null) return `${reason}: ${error.message}`;
  if (state === 'succeeded') return '';
  if (state !== 'running') return message;
  // It has no phase in its first moment.
  return [...(phase === null ? [] : [phase]), ...(worker === null ? [] : [`on ${worker}`])].join(', ');
}
