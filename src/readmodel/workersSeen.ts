// The workers as their heartbeats show them: who lives, and how far each running task is. Nothing here is stored.

import type { RunnerSight } from '../job/explain/observation.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import type { Instant, Running, Sequence } from '../job/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { Beat, BeatEvent, BeatTask, Heartbeats } from '../ports/heartbeats.ts';

export interface SeenWorker {
  readonly beat: Beat;
  readonly lastBeat: Instant;
}

export interface ToldProgress {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly worker: string;
  /** 0 to 1. */
  readonly progress: number;
}

interface Heard extends SeenWorker {
  heardAt: number;
  readonly tasks: ReadonlyMap<string, BeatTask>;
}

export class WorkersSeen {
  readonly #clock: Clock;
  readonly #dropAfterMs: number;
  readonly #workers = new Map<string, Heard>();
  readonly #progressListeners = new Set<(told: ToldProgress) => void>();
  #away = false;

  /** Forgets a worker after `dropAfterMs` of silence. */
  constructor(clock: Clock, dropAfterMs: number) {
    this.#clock = clock;
    this.#dropAfterMs = dropAfterMs;
  }

  /** Follows the heartbeats until the signal aborts. */
  async watch(heartbeats: Pick<Heartbeats, 'watch'>, signal: AbortSignal): Promise<void> {
    for await (const event of heartbeats.watch(signal)) this.apply(event);
  }

  apply(event: BeatEvent): void {
    switch (event.event) {
      case 'beat':
        this.#hear(event.beat);
        return;
      case 'connectionLost':
        this.#workers.delete(event.worker);
        return;
      case 'observerAway':
        this.#away = true;
        return;
      case 'observerBack':
        this.#listenAgain();
        return;
      default:
        event satisfies never;
    }
  }

  /** All workers heard lately, by name. */
  list(): readonly SeenWorker[] {
    this.#dropSilent();
    return [...this.#workers.values()].toSorted((a, b) => (a.beat.worker < b.beat.worker ? -1 : 1));
  }

  /** How far a running task is, 0 to 1, as its worker says of the very claim at `sequence`. */
  progress(task: Running, sequence: Sequence): number {
    const told = this.#workers.get(task.worker)?.tasks.get(keyOf(task.of.job, task.of.task));
    if (told === undefined || (told.claim !== 0 && told.claim !== sequence)) return 0;
    return Math.min(1, Math.max(0, told.progress));
  }

  /** What the heartbeats say of the worker that runs a task, and of this very claim; undefined where there are none. */
  runner(task: Running, sequence: Sequence): RunnerSight | undefined {
    const worker = this.#workers.get(task.worker);
    if (worker === undefined) return undefined;
    const told = worker.tasks.get(keyOf(task.of.job, task.of.task));
    return {
      silentFor: this.#clock.monotonic() - worker.heardAt,
      draining: worker.beat.draining,
      listsTask: told !== undefined && (told.claim === 0 || told.claim === sequence),
      progress: this.progress(task, sequence),
    };
  }

  /** Calls for each task whose progress a heartbeat says anew. Returns the way to stop. */
  onProgress(listener: (told: ToldProgress) => void): () => void {
    this.#progressListeners.add(listener);
    return () => this.#progressListeners.delete(listener);
  }

  #hear(beat: Beat): void {
    const tasks = new Map(beat.tasks.map((task) => [keyOf(task.job, task.task), task]));
    this.#tellProgress(beat);
    this.#workers.set(beat.worker, { beat, lastBeat: this.#clock.now(), heardAt: this.#clock.monotonic(), tasks });
    this.#dropSilent();
  }

  #tellProgress({ worker, tasks }: Beat): void {
    const before = this.#workers.get(worker)?.tasks;
    for (const { job, task, progress } of tasks) {
      if (progress === (before?.get(keyOf(job, task))?.progress ?? 0)) continue;
      for (const listener of this.#progressListeners) listener({ job, task, worker, progress });
    }
  }

  /** Nobody could be heard meanwhile: silence counts from now. */
  #listenAgain(): void {
    this.#away = false;
    for (const worker of this.#workers.values()) worker.heardAt = this.#clock.monotonic();
  }

  #dropSilent(): void {
    if (this.#away) return;
    const oldest = this.#clock.monotonic() - this.#dropAfterMs;
    for (const [name, worker] of this.#workers) if (worker.heardAt < oldest) this.#workers.delete(name);
  }
}

const keyOf = (job: JobId, task: TaskIndex): string => `${job}/${task}`;
