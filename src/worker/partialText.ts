// Sends the text of one attempt to watchers while the provider writes it: in batches, again from an offset if a watcher asks, and
// anew for each call. The task's result does not depend on it.

import type { PartialText, PartialTexts, TextRequest } from '../ports/partialTexts.ts';

export type Attempt = Pick<PartialText, 'worker' | 'pool' | 'job' | 'task' | 'run' | 'attempt' | 'claim'>;

export interface PartialTextOptions {
  readonly texts: PartialTexts;
  readonly attempt: Attempt;
  /** 0 to 1. */
  readonly progress: () => number;
  /** Of the attempt: afterwards nothing is sent. */
  readonly signal: AbortSignal;
}

/** ms between two batches. */
const batchEvery = 200;
/** ms between two times that text is sent again because watchers asked: many may come at once. */
const resendEvery = 1_000;
/** The most that one message carries, UTF-16 code units: in UTF-8 and JSON at most six times as many bytes. */
const longestMessage = 32_768;
/** Text of a call beyond this is not sent, so that workers keep a bounded copy, UTF-16 code units. */
const longestText = 1_048_576;

export class PartialTextSender {
  readonly #options: PartialTextOptions;
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #call = 0;
  #text = '';
  /** Where the text begins that was not sent, or that a watcher lacks. */
  #unsentFrom = 0;
  #closed = false;
  /** Where the text begins that watchers asked for. */
  #askedFrom = Infinity;
  /** Monotonic, ms. */
  #resentAt = -Infinity;

  constructor(options: PartialTextOptions) {
    this.#options = options;
    const { texts, attempt, signal } = options;
    this.#stopListening = texts.onAsked(attempt.job, (request) => this.#answer(request));
    signal.addEventListener('abort', this.close, { once: true });
  }

  /** A call begins: its text replaces that of an earlier one. */
  readonly restart = (): void => {
    this.#call += 1;
    this.#text = '';
    this.#unsentFrom = 0;
    this.#askedFrom = Infinity;
  };

  readonly add = (piece: string): void => {
    if (this.#closed || piece === '') return;
    this.#text += piece.slice(0, longestText - this.#text.length);
    this.#schedule();
  };

  /** Sends the rest: the answer has arrived. */
  finish(): void {
    if (!this.#closed) this.#send(this.#text.length);
    this.close();
  }

  readonly close = (): void => {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#options.signal.removeEventListener('abort', this.close);
  };

  #answer({ task, from = 0 }: TextRequest): void {
    if (this.#closed || (task !== undefined && task !== this.#options.attempt.task)) return;
    this.#askedFrom = Math.min(this.#askedFrom, from);
    this.#schedule();
  }

  #sendAgain(): void {
    const now = performance.now();
    if (this.#askedFrom === Infinity || now - this.#resentAt < resendEvery) return;
    this.#unsentFrom = Math.min(this.#unsentFrom, this.#askedFrom);
    this.#askedFrom = Infinity;
    this.#resentAt = now;
  }

  /** The first piece is sent immediately. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#sendAgain();
    this.#send(wholeCharacters(this.#text, this.#text.length));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const isSent = this.#unsentFrom >= wholeCharacters(this.#text, this.#text.length);
      if (!isSent || this.#askedFrom !== Infinity) this.#schedule();
    }, batchEvery);
  }

  #send(end: number): void {
    const { texts, attempt, progress } = this.#options;
    while (this.#unsentFrom < end) {
      const offset = this.#unsentFrom;
      const most = Math.min(end, offset + longestMessage);
      const until = most === end ? end : wholeCharacters(this.#text, most);
      const text = this.#text.slice(offset, until);
      // While the connection is down, the text waits for the next batch.
      if (!texts.send({ ...attempt, call: this.#call, offset, text, progress: progress() })) return;
      this.#unsentFrom = until;
    }
  }
}

/** The largest position up to `end` that is not in the middle of a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd8_00 && last <= 0xdb_ff ? end - 1 : end;
}
