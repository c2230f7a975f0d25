// The text of one task as the model writes it: the pieces in the events of its job, each once, through lost connections.

import type { JobEvent, PartialText } from './types/event.ts';
import { GenwardenOutputError, outputOf, problemOf, taskOf, type OutputSource } from './output.ts';
import type { CallOptions } from './http/request.ts';
import { isFinished } from './states.ts';
import type { Job } from './types/job.ts';

/** `offset` 0 after other pieces: another attempt began, and what came before does not count. */
export type TextPiece = PartialText;

export interface TextSource extends Pick<OutputSource, 'downloadArtifact'> {
  get(job: string, options: CallOptions): Promise<Job>;
  events(job: string, options: CallOptions): AsyncIterable<JobEvent<Job>>;
}

/** Ends when the task has its text. Throws `GenwardenOutputError` if it ends without one, and what the client's requests throw. */
export async function* taskText(
  source: TextSource,
  id: string,
  wanted: string | number,
  options: CallOptions,
): AsyncGenerator<TextPiece, void, undefined> {
  const shown = new ShownText();
  const index = taskOf(await source.get(id, options), wanted)?.index;
  if (index === undefined) throw new GenwardenOutputError(problemOf(undefined, wanted)!, id, wanted);
  for await (const event of source.events(id, options)) {
    if (event.event === 'progress' && event.data.task === index && event.data.partial !== undefined) {
      const piece = shown.next(event.data.partial);
      if (piece !== undefined) yield piece;
    }
    if (hasEnded(event, index)) break;
  }
  const task = taskOf(await source.get(id, options), index)!;
  const problem = task.state === 'needs_review' ? undefined : problemOf(task, wanted);
  if (problem !== undefined) throw new GenwardenOutputError(problem, id, wanted);
  const output = await outputOf(source, id, task, options);
  const { run, attempt } = task;
  // The last pieces may have been lost with a connection. Of an output with a schema, the text is not known.
  const rest = typeof output === 'string' ? shown.next({ run, attempt, offset: 0, text: output }) : undefined;
  if (rest !== undefined) yield rest;
}

function hasEnded(event: JobEvent<Job>, index: number): boolean {
  switch (event.event) {
    case 'snapshot':
      return !mayWrite(taskOf(event.data, index));
    case 'task':
      return event.data.task === index && !mayWrite(event.data);
    default:
      return false;
  }
}

/** Written, or still to be written: neither finished nor in review. */
const mayWrite = (task: { readonly state: string; readonly dueAt: string | null } | undefined): boolean =>
  task !== undefined && task.state !== 'needs_review' && !isFinished(task);

/** What was passed on so far, so that a new connection repeats nothing. */
class ShownText {
  #text = '';
  #of = '';

  /** The part of a piece that is new; undefined if there is none. */
  next(piece: TextPiece): TextPiece | undefined {
    const { run, attempt, offset, text } = piece;
    const of = `${run}/${attempt}`;
    const known = of === this.#of ? this.#text.slice(offset, offset + text.length) : '';
    const isKnown = known !== '' && text.startsWith(known);
    const at = isKnown ? offset + known.length : offset;
    const added = isKnown ? text.slice(known.length) : text;
    if (added === '') return undefined;
    this.#of = of;
    this.#text = this.#text.slice(0, at) + added;
    return { run, attempt, offset: at, text: added };
  }
}
