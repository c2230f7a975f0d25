// What `watch` prints below the progress once a job has ended: why tasks failed and what to do about it, and the timeline.

import type { GenwardenClient, Job, Task } from '../../../client/index.ts';
import { paintFor } from '../../output/colours.ts';
import type { Io } from '../../output/io.ts';
import { printable } from '../../output/text.ts';
import { wordWrap } from '../../../telemetry/wordWrap.ts';
import { taskName } from '../waitText.ts';
import { timelineLines } from './timeline.ts';

/** A server that does not answer leaves only the timeline out. */
export async function endingLines(client: Pick<GenwardenClient, 'history'>, job: Job, io: Io): Promise<string[]> {
  const columns = io.stdout.isTTY === true ? io.stdout.columns || 80 : undefined;
  const history = await client.history(job.id).catch(() => []);
  const failures = failureLines(job.tasks ?? []);
  const timeline = timelineLines(job, history, { paint: paintFor(io, io.stdout), columns });
  if (columns === undefined) return [...failures, ...timeline];
  const broken = failures.flatMap((line) => indented(line, columns));
  return [broken, timeline].flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines]));
}

/** Broken between words, and indented below the first line. */
function indented(line: string, columns: number): string[] {
  const [, indent = '', text = ''] = /^( *)(.*)$/.exec(line) ?? [];
  const below = indent === '' ? '  ' : indent;
  const [first = '', ...more] = wordWrap(text, columns - below.length);
  return [`${indent}${first}`, ...more.map((words) => `${below}${words}`)];
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
