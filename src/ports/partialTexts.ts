// The text of running tasks on its way from workers to watchers, while the provider still writes it. Nothing is stored, and
// messages may be lost: offsets show what is missing, and a watcher asks for it.

import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Sequence } from '../job/task.ts';

export interface PartialText {
  readonly worker: string;
  readonly pool: string;
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly run: number;
  readonly attempt: number;
  /** The sequence of the claim. An attempt that did not count, or lost its worker, has the number of another. */
  readonly claim: Sequence;
  /** 1 for the attempt's first call; a repair and a call with another key start the text anew. */
  readonly call: number;
  /** Where `text` belongs in the text of the call, in UTF-16 code units. */
  readonly offset: number;
  readonly text: string;
  /** 0 to 1. */
  readonly progress: number;
}

/** What a watcher lacks: the text of one task from an offset on, or of all tasks from the start. */
export interface TextRequest {
  readonly task?: TaskIndex;
  readonly from?: number;
}

export interface PartialTexts {
  /** False if the connection is down and nothing was sent. */
  send(text: PartialText): boolean;
  /** Calls the listener for each piece of the job's text, until the returned function is called. */
  watch(job: JobId, listener: (text: PartialText) => void): () => void;
  /** Asks the workers of the job to send text again, to every watcher. Dropped silently while the connection is down. */
  ask(job: JobId, request: TextRequest): void;
  /** Calls the listener when a watcher of the job asks, until the returned function is called. */
  onAsked(job: JobId, listener: (request: TextRequest) => void): () => void;
}
