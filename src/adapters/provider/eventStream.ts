// Reads an answer that a provider streams as server-sent events, piece by piece as they arrive, and no more than fits into the
// worker's memory.

import type { Release } from '../../async/weightedSemaphore.ts';
import { AnswerTooLarge, type AnswerRoom } from './answerBody.ts';

/** What a provider makes of its events. */
export interface StreamedAnswer {
  /** Takes the data of one event. False: the rest of the stream is of no use. Throws for data that the interface does not have. */
  take(data: string): boolean;
  /** Characters that it keeps. */
  kept(): number;
  /** The body of the same answer as if it had not been streamed. `rest`: the lines of the body that belong to no event. */
  body(rest: string): string;
}

/** What the excess is taken in, bytes. */
const step = 4_194_304;

/** The body for `Received`. Throws `AnswerTooLarge`, and what `take` and the body's own reader throw. */
export async function streamedBody(
  response: Response,
  room: AnswerRoom,
  releases: Release[],
  answer: StreamedAnswer,
): Promise<string> {
  const events = new EventLines(answer);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const pieces: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  let taken = room.ordinary;
  for await (const piece of pieces) {
    const needed = answer.kept() + events.kept + piece.length;
    for (; needed > taken; taken += step) releases.push(room.excess.tryAcquire(step) ?? tooLarge(taken));
    // A character may be split between two pieces.
    if (!events.add(decoded(decoder, piece))) return answer.body(events.rest);
  }
  events.add(decoded(decoder));
  events.end();
  return answer.body(events.rest);
}

/** What follows the pieces before; without a piece, the end. */
function decoded(decoder: InstanceType<typeof TextDecoder>, piece?: Uint8Array): string {
  try {
    return decoder.decode(piece, { stream: piece !== undefined });
  } catch (cause) {
    throw new Error('the stream has bytes that are not UTF-8', { cause });
  }
}

function tooLarge(room: number): never {
  const size = Math.round(room / 1_048_576);
  throw new AnswerTooLarge(`it has more than ${size} MiB, for which this worker has no memory at the moment`);
}

/** The events in lines of text, which arrive in pieces of any size. */
class EventLines {
  readonly #answer: StreamedAnswer;
  /** The pieces of a line that has not ended; joined only once, because a line may have many. */
  readonly #line = new Texts();
  readonly #data = new Texts();
  readonly #rest = new Texts();

  constructor(answer: StreamedAnswer) {
    this.#answer = answer;
  }

  /** Characters. */
  get kept(): number {
    return this.#line.length + this.#data.length + this.#rest.length;
  }

  get rest(): string {
    return this.#rest.join('\n');
  }

  /** False once the answer needs no more. */
  add(text: string): boolean {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#line.push(text.slice(from, end));
      from = end + 1;
      if (!this.#takeLine()) return false;
    }
    this.#line.push(text.slice(from));
    return true;
  }

  /** The last line and the last event may lack their ends. */
  end(): void {
    if (this.#takeLine()) this.#takeEvent();
  }

  #takeLine(): boolean {
    const line = this.#line.take('').replace(/\r$/, '');
    if (line === '') return this.#takeEvent();
    if (line.startsWith('data:')) this.#data.push(line.slice(5));
    else if (!/^(?:event|id|retry)?:/.test(line)) this.#rest.push(line);
    return true;
  }

  #takeEvent(): boolean {
    return this.#data.length === 0 || this.#answer.take(this.#data.take('\n').trim());
  }
}

/** Texts that are joined later, and their length. */
class Texts {
  #texts: string[] = [];
  length = 0;

  push(text: string): void {
    this.#texts.push(text);
    this.length += text.length;
  }

  join(separator: string): string {
    return this.#texts.join(separator);
  }

  take(separator: string): string {
    const joined = this.join(separator);
    this.#texts = [];
    this.length = 0;
    return joined;
  }
}
