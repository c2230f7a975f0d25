// Passes events from callbacks to one reader that consumes them with `for await`.

export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void;
}

/** Ends without an error when the signal aborts, and then calls `onEnd` to detach whatever feeds the queue. */
export function eventQueue<T>(signal: AbortSignal, onEnd: () => void): EventQueue<T> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  const push = (event: T): void => {
    waiting.push(event);
    wake?.();
  };
  const end = (): void => wake?.();
  async function* read(): AsyncGenerator<T> {
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!signal.aborted) {
        while (waiting.length > 0 && !signal.aborted) yield waiting.shift()!;
        if (signal.aborted) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', end);
      onEnd();
    }
  }
  return { push, [Symbol.asyncIterator]: read };
}
