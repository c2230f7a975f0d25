// Reads of the API that a page repeats while it is visible. The next read begins some time after the answer, so that a slow API
// never gets more requests than it answers.

import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';

export interface Polled<T> {
  /** The last answer; undefined before the first one. */
  readonly data: ReadonlySignal<T | undefined>;
  /** Why the last read failed; undefined after a success. Then `data` is stale. */
  readonly error: ReadonlySignal<unknown>;
  /** Reads again now. */
  refresh(): Promise<void>;
}

export interface Poll<T> extends Polled<T> {
  /** Returns a function that stops. */
  start(): () => void;
}

export function poll<T>(read: (signal: AbortSignal) => Promise<T>, everyMs: number): Poll<T> {
  const data = signal<T | undefined>(undefined);
  const error = signal<unknown>(undefined);
  let stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let users = 0;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    const { signal: ofThis } = stop;
    try {
      const answer = await read(ofThis);
      if (ofThis.aborted) return;
      data.value = answer;
      error.value = undefined;
    } catch (thrown) {
      if (ofThis.aborted) return;
      error.value = thrown;
    }
    clearTimeout(timer);
    timer = setTimeout(next, everyMs);
  }

  function next(): void {
    if (users > 0 && document.visibilityState === 'visible') void refresh();
  }

  function start(): () => void {
    users += 1;
    if (users === 1) {
      stop = new AbortController();
      document.addEventListener('visibilitychange', next);
      void refresh();
    }
    return () => {
      users -= 1;
      if (users > 0) return;
      document.removeEventListener('visibilitychange', next);
      clearTimeout(timer);
      stop.abort();
    };
  }

  return { data, error, refresh, start };
}

/** Polls while the component is mounted. A change of `key` starts anew. */
export function usePoll<T>(read: (signal: AbortSignal) => Promise<T>, everyMs: number, key = ''): Polled<T> {
  const polled = useMemo(() => poll(read, everyMs), [key]);
  useEffect(() => polled.start(), [polled]);
  return polled;
}
