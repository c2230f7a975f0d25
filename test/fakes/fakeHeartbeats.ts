// Heartbeats in memory: the test says what is heard, and sees who was recalled.

import type { Beat, BeatEvent, BeatTask, Heartbeats, Recall } from '../../src/ports/heartbeats.ts';
import { start } from './tasks.ts';

export class FakeHeartbeats implements Heartbeats {
  readonly recalled: { worker: string; recall: Recall }[] = [];
  readonly #listeners = new Set<(event: BeatEvent) => void>();
  readonly #numbers = new Map<string, number>();

  /** The next beat of a worker, or the one with this number. */
  hear(worker: string, tasks: readonly BeatTask[] = [], over: Partial<Beat> = {}): void {
    const number = over.number ?? (this.#numbers.get(worker) ?? 0) + 1;
    this.#numbers.set(worker, number);
    this.say({ event: 'beat', beat: beatOf(worker, number, tasks, over) });
  }

  say(event: BeatEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<BeatEvent> {
    const events: BeatEvent[] = [];
    let wake = (): void => undefined;
    const listener = (event: BeatEvent): void => {
      events.push(event);
      wake();
    };
    signal.addEventListener('abort', () => wake());
    this.#listeners.add(listener);
    while (!signal.aborted) {
      yield* events.splice(0);
      if (events.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
    this.#listeners.delete(listener);
  }

  recall(worker: string, recall: Recall): void {
    this.recalled.push({ worker, recall });
  }

  beat(): never {
    throw new Error('not part of this fake');
  }
  recalls(): never {
    throw new Error('not part of this fake');
  }
}

export function beatOf(
  worker: string,
  number: number,
  tasks: readonly BeatTask[] = [],
  over: Partial<Beat> = {},
): Beat {
  return {
    worker,
    pool: 'default',
    host: 'host',
    pid: 1,
    version: '0.0.0',
    startedAt: start,
    tasks,
    slots: { total: 4, busy: tasks.length, leaked: 0 },
    eventLoopLag: 0,
    memory: 0,
    draining: false,
    connection: { server: 'S', client: 1 },
    ...over,
    number,
  };
}
