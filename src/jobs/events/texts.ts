// Collects the text of a job's running tasks for one event feed, until the feed takes it. A piece that is missing, because a
// message was lost, the client came late or reads slowly, is asked for again; what is kept is bounded.

import type { JobId, TaskIndex } from '../../job/ids.ts';
import { isOpen, type TaskState } from '../../job/task.ts';
import { elapsed, longAgo, type Monotonic } from '../../job/time.ts';
import type { PartialText, PartialTexts } from '../../ports/partialTexts.ts';

export interface TextUpdates {
  /** The client is about to see these tasks. Text is collected from the first open text task on. */
  note(states: readonly TaskState[]): void;
  /** The text since the last call: for each task one piece, which continues the last one or starts anew at offset 0. */
  take(): readonly PartialText[];
  /** The stream was replaced: the sequences of claims begin again. */
  forget(): void;
  stop(): void;
}

export interface TextOptions {
  readonly texts: PartialTexts;
  readonly job: JobId;
  /** Called when there is text to take. */
  readonly wake: () => void;
  readonly now: () => Monotonic;
  /** The most that waits to be taken, UTF-16 code units. */
  readonly mostPending?: number;
}

const nothing = (): void => undefined;
export const noTexts: TextUpdates = { note: nothing, take: () => [], forget: nothing, stop: nothing };

const defaultMostPending = 131_072;
/** ms between two requests for the text of one task. */
const askEvery = 1_000;

interface Known {
  /** The last piece, for all but its text. */
  last: PartialText;
  /** Every character before this was taken or is pending. */
  received: number;
  pending: string;
  /** Text after `received` was dropped, because too much was pending. */
  lacking: boolean;
  askedAt: Monotonic;
}

export function collectTexts(options: TextOptions): TextUpdates {
  const { texts, job } = options;
  const collected = new CollectedTexts(options);
  let stopWatching: (() => void) | undefined;
  return {
    note: (states) => {
      if (stopWatching !== undefined || !states.some((state) => isOpen(state) && state.of.kind === 'text')) return;
      stopWatching = texts.watch(job, (text) => collected.receive(text));
      // The text before this moment.
      texts.ask(job, {});
    },
    take: () => collected.take(),
    forget: () => collected.forget(),
    stop: () => stopWatching?.(),
  };
}

class CollectedTexts {
  readonly #options: TextOptions;
  readonly #tasks = new Map<TaskIndex, Known>();
  #room: number;

  constructor(options: TextOptions) {
    this.#options = options;
    this.#room = options.mostPending ?? defaultMostPending;
  }

  receive(piece: PartialText): void {
    const known = this.#callOf(piece);
    if (known === undefined || known.lacking) return;
    if (piece.offset > known.received) return this.#ask(known);
    const added = piece.text.slice(known.received - piece.offset);
    if (added === '') return;
    const kept = added.length <= this.#room ? added : added.slice(0, this.#room);
    known.lacking = kept.length < added.length;
    known.last = piece;
    known.pending += kept;
    known.received += kept.length;
    this.#room -= kept.length;
    this.#options.wake();
  }

  forget(): void {
    this.#tasks.clear();
    this.#room = this.#options.mostPending ?? defaultMostPending;
  }

  take(): PartialText[] {
    const pieces: PartialText[] = [];
    for (const known of this.#tasks.values()) {
      const { last, pending: text, received, lacking } = known;
      if (text !== '') pieces.push({ ...last, offset: received - text.length, text });
      this.#room += text.length;
      known.pending = '';
      known.lacking = false;
      if (lacking) this.#ask(known);
    }
    return pieces;
  }

  /** Undefined for a piece of an earlier attempt or call. */
  #callOf(piece: PartialText): Known | undefined {
    const known = this.#tasks.get(piece.task);
    if (known !== undefined) {
      const { claim, call } = known.last;
      if (piece.claim === claim && piece.call === call) return known;
      if (piece.claim < claim || (piece.claim === claim && piece.call < call)) return undefined;
      this.#room += known.pending.length;
    }
    const started = { last: piece, received: 0, pending: '', lacking: false, askedAt: longAgo };
    this.#tasks.set(piece.task, started);
    return started;
  }

  #ask(known: Known): void {
    const { texts, job, now } = this.#options;
    if (elapsed(known.askedAt, now()) < askEvery) return;
    known.askedAt = now();
    texts.ask(job, { task: known.last.task, from: known.received });
  }
}
