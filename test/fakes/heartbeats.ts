// Heartbeats among the parts of one process.

import type { Beat, BeatEvent, Heartbeats, Recall } from '../../src/ports/heartbeats.ts';

export interface FakeHeartbeats extends Heartbeats {
  /** What the observer of a real connection would be told: it is away or back, or a worker's connection is lost. */
  tell(event: Exclude<BeatEvent, { event: 'beat' }>): void;
}

export function fakeHeartbeats(): FakeHeartbeats {
  const observers = new Set<(event: BeatEvent) => void>();
  const workers = new Map<string, Set<(recall: Recall) => void>>();
  const tell = (event: BeatEvent): void => {
    for (const observer of observers) observer(event);
  };
  return {
    tell,
    beat: (beat) => {
      const whole: Beat = { ...structuredClone(beat), connection: { server: 'memory', client: 1 } };
      tell({ event: 'beat', beat: whole });
    },
    watch: (signal) => listenIn(observers, signal),
    recall: (worker, recall) => {
      for (const listener of workers.get(worker) ?? []) listener(recall);
    },
    recalls: (worker, signal) => {
      const listeners = workers.get(worker) ?? new Set();
      workers.set(worker, listeners);
      return listenIn(listeners, signal);
    },
  };
}

/** What the listeners are told, from now until the signal aborts. */
function listenIn<T>(listeners: Set<(event: T) => void>, signal: AbortSignal): AsyncIterable<T> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  const listener = (event: T): void => {
    waiting.push(event);
    wake?.();
  };
  listeners.add(listener);
  signal.addEventListener('abort', () => wake?.(), { once: true });
  async function* read(): AsyncGenerator<T> {
    try {
      while (!signal.aborted) {
        while (waiting.length > 0 && !signal.aborted) yield waiting.shift()!;
        if (!signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      listeners.delete(listener);
    }
  }
  return { [Symbol.asyncIterator]: read };
}
