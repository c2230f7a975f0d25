// A byte stream over a generator. It reads a part only when its consumer wants one, and ends the generator the moment that the
// consumer is gone, even while the generator waits for something.

import { Readable } from 'node:stream';

/** `parts`: no empty ones. Its signal aborts when the stream is destroyed. */
export function readableOf(parts: (signal: AbortSignal) => AsyncGenerator<Uint8Array>): Readable {
  const gone = new AbortController();
  const generator = parts(gone.signal);
  return new Readable({
    // Node.js would read one part ahead.
    highWaterMark: 0,
    read() {
      generator.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, destroyed) {
      gone.abort(error ?? new Error('The reader is gone'));
      // Queued behind a `next` that is under way, which the abort ends.
      generator.return(undefined).then(undefined, () => undefined);
      destroyed(error);
    },
  });
}
