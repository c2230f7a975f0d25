// The commands that make sense for a job in its state, for the last lines of `submit` and `watch`.

import stringWidth from 'string-width';
import type { Job } from '../../client/index.ts';
import { count } from '../../job/explain/format.ts';
import type { Io } from '../output/io.ts';
import { pad, printable, shellCommand } from '../output/text.ts';
import { commandText } from './commandText.ts';

export interface NextOptions {
  /** The terminal's width; what does not fit loses its remarks. */
  readonly columns?: number | undefined;
  /** The results are saved already. */
  readonly saved?: boolean;
}

interface Next {
  /** Without the name of the program. */
  readonly command: string;
  readonly remark: string;
}

/** `Next:` and a command a line, each with what it is for; empty if there is none. */
export function nextLines(
  io: Pick<Io, 'connect'>,
  job: Job,
  { columns = Infinity, saved = false }: NextOptions = {},
): string[] {
  const next = [...afterFailure(job), ...(saved ? [] : results(job))];
  const all = next.map(({ command, remark }) => ({ command: commandText(io, job, command), remark }));
  if (all.length === 0) return [];
  const widest = Math.max(...all.map(({ command }) => stringWidth(command)));
  const fits = all.every(({ remark }) => widest + stringWidth(remark) + 6 <= columns);
  const line = ({ command, remark }: Next): string => printable(`  ${pad(command, widest)}  # ${remark}`);
  return ['Next:', ...all.flatMap((it) => (fits ? line(it) : shellCommand(it.command, columns)))];
}

function afterFailure({ id, progress: { failed, cancelled }, tasks = [], finishedAt }: Job): Next[] {
  if (failed + cancelled === 0) return [];
  const explain = { command: `explain ${id}`, remark: 'why, and what to do' };
  const mayHelp = cancelled > 0 || tasks.some(({ error }) => error?.retryable === true);
  if (failed > 0 && !mayHelp) return [explain];
  const what = [
    ...(failed > 0 ? [count(failed, 'failed task')] : []),
    ...(cancelled > 0 ? [count(cancelled, 'cancelled task')] : []),
  ].join(' and ');
  const retry = { command: `retry ${id}`, remark: `run the ${what.replaceAll(/\b1 /g, '')} again` };
  return [...(failed > 0 ? [explain] : []), ...(finishedAt === null ? [] : [retry])];
}

function results({ id, tasks = [], awaitsReview }: Job): Next[] {
  const texts = tasks.filter(({ output }) => output !== null && output !== undefined).length;
  const files = tasks.filter(({ artifacts }) => artifacts.length > 0).length;
  if (texts + files === 0) return [];
  const what = count(Math.max(files, texts), 'result');
  return [
    ...(texts > 0 ? [{ command: `get ${id}`, remark: texts === 1 ? 'show the text' : 'show the texts' }] : []),
    {
      command: `download ${id} --to DIR`,
      remark: `${awaitsReview ? 'see' : 'save'} the ${what.replace(/^1 /, '')}`,
    },
  ];
}
