// Heartbeats in memory: a test sees what was sent, plays workers, and reports lost connections to observers.

import { eventQueue } from '../../src/async/eventQueue.ts';
import type { Beat, BeatEvent, BeatTask, Cancellation, Heartbeats } from '../../src/ports/heartbeats.ts';
import { start } from './tasks.ts';

export interface FakeHeartbeats extends Heartbeats {
  /** Every beat that was sent, oldest first. */
  readonly beats: readonly Beat[];
  /** Every cancellation that was sent, oldest first. */
  readonly sentCancellations: readonly { readonly worker: string; readonly cancellation: Cancellation }[];
  /** Observers receive the next beat of a worker, or the one with the number in `over`. */
  hear(worker: string, tasks?: readonly BeatTask[], over?: Partial<Beat>): void;
  emit(event: BeatEvent): void;
}

const connection = { server: 'memory', client: 1 };

export function fakeHeartbeats(): FakeHeartbeats {
  const observers = new Set<(event: BeatEvent) => void>();
  const workers = new Map<string, Set<(cancellation: Cancellation) => void>>();
  const numbers = new Map<string, number>();
  const beats: Beat[] = [];
  const sentCancellations: { worker: string; cancellation: Cancellation }[] = [];
  const emit = (event: BeatEvent): void => {
    for (const observer of observers) observer(event);
  };
  return {
    beats,
    sentCancellations,
    emit,
    hear: (worker, tasks = [], over = {}) => {
      const number = over.number ?? (numbers.get(worker) ?? 0) + 1;
      numbers.set(worker, number);
      emit({ event: 'beat', beat: beatOf(worker, number, tasks, over) });
    },
    beat: (beat) => {
      const whole: Beat = { ...structuredClone(beat), connection };
      beats.push(whole);
      emit({ event: 'beat', beat: whole });
    },
    watch: (signal) => listen(observers, signal),
    requestProviderChecks: () => true,
    sendCancellation: (worker, cancellation) => {
      sentCancellations.push({ worker, cancellation });
      for (const listener of workers.get(worker) ?? []) listener(cancellation);
    },
    cancellations: (worker, signal) => {
      const listeners = workers.get(worker) ?? new Set();
      workers.set(worker, listeners);
      return listen(listeners, signal);
    },
  };
}

/** The events from now until the signal aborts. */
function listen<T>(listeners: Set<(event: T) => void>, signal: AbortSignal): AsyncIterable<T> {
  const queue = eventQueue<T>(signal, () => listeners.delete(queue.push));
  listeners.add(queue.push);
  return queue;
}

/** The first beat of an idle worker of pool `default`. */
export function aBeat(over: Partial<Beat> = {}): Beat {
  return {
    worker: 'worker-1',
    pool: 'default',
    host: 'node-1',
    pid: 7,
    version: '0.1.0',
    startedAt: start,
    number: 1,
    tasks: [],
    slots: { total: 4, busy: over.tasks?.length ?? 0, leaked: 0 },
    eventLoopLag: 1,
    memory: 1_000_000,
    draining: false,
    connection,
    ...over,
  };
}

/** The same, with what most tests of workers tell apart. */
export const beatOf = (
  worker: string,
  number: number,
  tasks: readonly BeatTask[] = [],
  over: Partial<Beat> = {},
): Beat => aBeat({ worker, tasks, ...over, number });
