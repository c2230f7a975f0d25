// The last lines of `watch`, which stay: the job and its tasks with whole reasons, why tasks failed and what to do about it, the
// timeline, and the next commands.

import type { GenwardenClient, Job, Task } from '../../../client/index.ts';
import { paintFor } from '../../output/colours.ts';
import { terminalWidth, type Io } from '../../output/io.ts';
import { printable, wrapped } from '../../output/text.ts';
import { commandText } from '../commandText.ts';
import { nextLines } from '../nextCommands.ts';
import { reviewLines } from '../reviewLines.ts';
import { taskName } from '../waitText.ts';
import { paragraph } from './paragraph.ts';
import { fittingRows, jobLines } from './screen.ts';
import { timelineLines } from './timeline.ts';

export interface EndingOptions {
  /** Without the command that saves the results. */
  readonly saved?: boolean;
  /** Without commands: the installation ends with the watch. */
  readonly last?: boolean;
}

/** Tasks that a tall terminal shows. */
const mostTasks = 30;
/** Lines of one text. */
const mostOutput = 20;

/** A server that does not answer leaves only the timeline out. */
export async function endingLines(
  client: Pick<GenwardenClient, 'history'>,
  job: Job,
  io: Io,
  { saved = false, last = false }: EndingOptions = {},
): Promise<string[]> {
  const columns = terminalWidth(io.stdout);
  const paint = paintFor(io, io.stdout);
  const history = await client.history(job.id).catch(() => []);
  const blocks = [
    columns === undefined ? [] : finalFrame(job, io, columns),
    columns === undefined ? [] : (job.tasks ?? []).flatMap((task) => outputLines(io, job, task, columns)),
    failureLines(job.tasks ?? []).flatMap((line) => paragraph(line, columns)),
    timelineLines(job, history, { paint, columns }),
    last ? [] : nextLines(io, job, { columns, saved }),
    last ? [] : reviewLines(io, job, { width: columns }),
  ].filter((lines) => lines.length > 0);
  // In a pipe, each line is for itself.
  return columns === undefined ? blocks.flat() : blocks.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
}

function finalFrame(job: Job, io: Io, columns: number): string[] {
  const screen = { columns, now: io.now(), paint: paintFor(io, io.stdout) };
  const rows = Math.min(mostTasks, Math.max(5, (io.stdout.rows || 24) - 10));
  return [...jobLines(job, screen), ...fittingRows((job.tasks ?? []).map(withoutReason), rows, screen)];
}

/** Why a task failed and how to review it stand below. */
function withoutReason(task: Task): Task {
  if (task.state === 'needs_review') return { ...task, waitingFor: null, message: '' };
  return task.error === null ? task : ({ ...task, error: null, message: task.error.code } as Task);
}

/** What a model wrote; a pipe gets it from `get`. */
function outputLines(io: Io, job: Job, { output }: Task, columns: number): string[] {
  if (output === null || output === undefined) return [];
  const lines = wrapped(typeof output === 'string' ? output : JSON.stringify(output, null, 2), columns);
  const more = lines.length - mostOutput;
  if (more <= 0) return lines;
  return [...lines.slice(0, mostOutput), `… and ${more} more lines: ${commandText(io, job, `get ${job.id}`)}`];
}

/** Two lines for each code: the first task with it, how many others have it, and what to do. */
export function failureLines(tasks: readonly Task[]): string[] {
  const failed = tasks.filter(({ error }) => error !== null);
  return [...Map.groupBy(failed, ({ error }) => error!.code).values()].flatMap((group) => {
    const [first] = group;
    const { code, message, hint } = first!.error!;
    const others = group.length === 1 ? '' : ` and ${group.length - 1} more`;
    return [`${taskName(first!)}${others}: ${code}: ${message}`, `  ${hint}`].map(printable);
  });
}
