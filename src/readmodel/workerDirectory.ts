// Tracks the installation's workers from heartbeats and connection events: which are alive, the tasks that each one lists, and
// their progress. Times are by this process's monotonic clock; nothing is stored.

import type { Duration } from '../job/duration.ts';
import type { ObservedHolder, ObservedRunner } from '../job/explain/observation.ts';
import type { JobId, TaskIndex } from '../job/ids.ts';
import type { ObservedWorker } from '../job/rules/rule.ts';
import type { Instant, Queued, Running, Sequence } from '../job/task.ts';
import { elapsed, latest, longAgo, type Monotonic } from '../job/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Beat, BeatEvent, BeatTask, Heartbeats } from '../ports/heartbeats.ts';
import { taskKey, type TaskKey } from './taskKey.ts';

export interface LiveWorker {
  readonly beat: Beat;
  /** The server's time at which the last heartbeat arrived. */
  readonly lastBeat: Instant;
}

/** `stopped`: it has said that it ends. `lost`: it is silent, or its connection is lost. */
export type WorkerState = 'live' | 'draining' | 'stopped' | 'lost';

export interface SeenWorker extends LiveWorker {
  readonly state: WorkerState;
}

export interface ProgressReport {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly worker: string;
  /** 0 to 1. */
  readonly progress: number;
}

interface KnownWorker extends LiveWorker {
  /** When the last heartbeat arrived. */
  readonly heardAt: Monotonic;
  /** The tasks in the last heartbeat; empty once the connection is lost. */
  tasks: ReadonlyMap<TaskKey, BeatTask>;
  connectionLost: boolean;
  /** The number of the first heartbeat in the gapless series that ends with the last one. */
  readonly seriesStart: number;
  /** The number of the last heartbeat that listed each task. */
  readonly lastListed: Map<TaskKey, number>;
  /** Its current silence has been attributed to an outage, which happens only once per silence. */
  excused: boolean;
}

export interface Memory {
  /** Workers silent for longer than this are lost, ms. Without it, only a lost connection tells. */
  readonly timeoutMs?: Duration;
  /** Workers silent for longer than this are forgotten, ms. Without it, the owner calls `forgetSilent`. */
  readonly forgetAfterMs?: Duration;
}

/** How many workers that are neither live nor draining are shown. */
const mostGone = 100;
/** How many heartbeats `lastListed` covers; the rules need two. */
const listsKept = 8;

export class WorkerDirectory {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #memory: Memory;
  readonly #workers = new Map<string, KnownWorker>();
  readonly #progressListeners = new Set<(report: ProgressReport) => void>();
  /** This process's own connection is down, so it receives no heartbeats. */
  #observerDisconnected = false;
  #listeningSince = longAgo;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, memory: Memory = {}) {
    this.#clock = clock;
    this.#memory = memory;
  }

  /** Observes all heartbeats until the signal aborts. */
  async watch(heartbeats: Pick<Heartbeats, 'watch'>, signal: AbortSignal): Promise<void> {
    this.#listeningSince = this.#clock.monotonic();
    for await (const event of heartbeats.watch(signal)) this.observe(event);
  }

  observe(event: BeatEvent): void {
    switch (event.event) {
      case 'beat':
        return this.#observeBeat(event.beat);
      case 'connectionLost':
        return this.#loseConnection(event.worker);
      case 'observerDisconnected':
        this.#observerDisconnected = true;
        return;
      case 'observerReconnected':
        this.#observerDisconnected = false;
        this.#listeningSince = this.#clock.monotonic();
        return;
      default:
        event satisfies never;
    }
  }

  /** The known workers, by name, except those that have stopped or are lost. */
  list(): readonly LiveWorker[] {
    this.#forgetOld();
    return byName([...this.#workers.values()].filter((worker) => !this.#isGone(worker)));
  }

  /** The known workers, by name, with those that stopped or were lost lately: the last hundred of them. */
  seen(): readonly SeenWorker[] {
    this.#forgetOld();
    const all = [...this.#workers.values()].map((worker) => ({ ...worker, state: this.#stateOf(worker) }));
    const isGone = ({ state }: SeenWorker): boolean => state === 'stopped' || state === 'lost';
    const gone = all.filter(isGone).toSorted((a, b) => b.lastBeat - a.lastBeat);
    return byName([...all.filter((worker) => !isGone(worker)), ...gone.slice(0, mostGone)]);
  }

  /** Whether the worker has said that it ends. */
  hasStopped(name: string): boolean {
    return this.#workers.get(name)?.beat.stopped === true;
  }

  /** Whether every live worker is known: this process has listened for at least one heartbeat of each. */
  knowsAll(timeout: Duration): boolean {
    return !this.#observerDisconnected && elapsed(this.#listeningSince, this.#clock.monotonic()) >= timeout / 2;
  }

  /** The progress of a running task, 0 to 1, as its worker reports it for the claim at `sequence`. */
  progress(task: Running, sequence: Sequence): number {
    const listed = this.#workers.get(task.worker)?.tasks.get(taskKey(task.of.job, task.of.task));
    if (listed === undefined || !isOfClaim(listed, sequence)) return 0;
    return Math.min(1, Math.max(0, listed.progress));
  }

  /**
   * The state of the worker that runs a task, and whether it lists the claim at `sequence`; undefined for an unknown or
   * lost worker.
   */
  runner(task: Running, sequence: Sequence): ObservedRunner | undefined {
    const worker = this.#workers.get(task.worker);
    if (worker === undefined || worker.beat.stopped === true || worker.connectionLost) return undefined;
    const listed = worker.tasks.get(taskKey(task.of.job, task.of.task));
    const own = listed !== undefined && isOfClaim(listed, sequence) ? listed : undefined;
    return {
      silentFor: this.#silenceWhileListening(worker),
      draining: worker.beat.draining,
      listsTask: own !== undefined,
      progress: this.progress(task, sequence),
      phase: own?.phase ?? null,
      waited: own?.waited ?? null,
      usual: own?.usual ?? null,
    };
  }

  /** The worker that has fetched a queued task and waits for memory to claim it; undefined if there is none. */
  holder({ of }: Queued): ObservedHolder | undefined {
    const key = taskKey(of.job, of.task);
    for (const worker of this.#workers.values()) {
      const { beat, tasks } = worker;
      const phase = tasks.get(key)?.phase;
      if (phase?.phase !== 'memory' || this.#isGone(worker)) continue;
      return { worker: beat.worker, alone: phase.alone, memory: beat.attemptMemory ?? null };
    }
    return undefined;
  }

  /** Calls the listener whenever a heartbeat changes a task's progress. Returns a function that removes it. */
  onProgress(listener: (report: ProgressReport) => void): () => void {
    this.#progressListeners.add(listener);
    return () => this.#progressListeners.delete(listener);
  }

  /**
   * A worker as the rules need it. With `trustLosses` false, a lost connection does not count: the worker may have reconnected
   * while this process was disconnected.
   */
  observed(name: string, trustLosses = true): ObservedWorker | undefined {
    const worker = this.#workers.get(name);
    if (worker === undefined) return undefined;
    const { beat, seriesStart, lastListed } = worker;
    return {
      silentFor: elapsed(worker.heardAt, this.#clock.monotonic()),
      connectionLost: worker.connectionLost && trustLosses,
      beat: beat.number,
      beatsWithout: (job, task) => beat.number - Math.max(lastListed.get(taskKey(job, task)) ?? 0, seriesStart - 1),
    };
  }

  /** When the worker's last heartbeat arrived. */
  heardAt(name: string): Monotonic | undefined {
    return this.#workers.get(name)?.heardAt;
  }

  /**
   * Whether most of at least three workers fell silent at the same time. That is more likely an outage than the loss of all of
   * them, so each silence counts only once. Workers send three heartbeats per timeout: two thirds of it is a missed one.
   */
  mostFellSilent(timeout: Duration): boolean {
    const now = this.#clock.monotonic();
    const recent = [...this.#workers.values()].filter((worker) => fellSilentLately(worker, now, timeout));
    const silent = recent.filter(({ heardAt }) => elapsed(heardAt, now) >= (2 / 3) * timeout);
    if (recent.length < 3 || silent.length * 2 <= recent.length) return false;
    for (const worker of silent) worker.excused = true;
    return true;
  }

  /** The number of workers with a heartbeat within the timeout, by pool. */
  heardByPool(timeout: Duration): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { beat, heardAt, connectionLost } of this.#workers.values()) {
      const heard = !connectionLost && elapsed(heardAt, this.#clock.monotonic()) < timeout;
      counts.set(beat.pool, (counts.get(beat.pool) ?? 0) + (heard ? 1 : 0));
    }
    return counts;
  }

  /**
   * Forgets workers silent for longer than `afterMs` unless they are still needed. Does nothing while this process is
   * disconnected.
   */
  forgetSilent(afterMs: Duration, isNeeded: (worker: string) => boolean = () => false): void {
    if (this.#observerDisconnected) return;
    for (const [name, worker] of this.#workers)
      if (this.#silenceWhileListening(worker) > afterMs && !isNeeded(name)) this.#workers.delete(name);
  }

  #observeBeat(beat: Beat): void {
    const known = this.#workers.get(beat.worker);
    const tasks = new Map(beat.tasks.map((task) => [taskKey(task.job, task.task), task]));
    this.#reportProgress(beat, known?.tasks);
    const continues = known !== undefined && beat.number === known.beat.number + 1;
    const lastListed = known?.lastListed ?? new Map<TaskKey, number>();
    for (const key of tasks.keys()) lastListed.set(key, beat.number);
    for (const [key, number] of lastListed) if (number < beat.number - listsKept) lastListed.delete(key);
    this.#workers.set(beat.worker, {
      beat,
      lastBeat: this.#clock.now(),
      heardAt: this.#clock.monotonic(),
      tasks,
      // A heartbeat revives a worker that was considered lost.
      connectionLost: false,
      seriesStart: continues ? known.seriesStart : beat.number,
      lastListed,
      excused: false,
    });
    this.#forgetOld();
  }

  #loseConnection(name: string): void {
    const worker = this.#workers.get(name);
    if (worker === undefined) return;
    worker.connectionLost = true;
    worker.tasks = new Map();
  }

  #reportProgress({ worker, tasks }: Beat, before: KnownWorker['tasks'] | undefined): void {
    for (const { job, task, progress } of tasks) {
      if (progress === (before?.get(taskKey(job, task))?.progress ?? 0)) continue;
      for (const listener of this.#progressListeners) listener({ job, task, worker, progress });
    }
  }

  #forgetOld(): void {
    const { forgetAfterMs } = this.#memory;
    if (forgetAfterMs !== undefined) this.forgetSilent(forgetAfterMs);
  }

  #isGone(worker: KnownWorker): boolean {
    const state = this.#stateOf(worker);
    return state === 'stopped' || state === 'lost';
  }

  #stateOf(worker: KnownWorker): WorkerState {
    const { beat, connectionLost } = worker;
    if (beat.stopped === true) return 'stopped';
    const { timeoutMs = Infinity } = this.#memory;
    const isSilent = !this.#observerDisconnected && this.#silenceWhileListening(worker) >= timeoutMs;
    // Older workers do not say that they end.
    if (connectionLost || isSilent) return beat.draining && beat.tasks.length === 0 ? 'stopped' : 'lost';
    return beat.draining ? 'draining' : 'live';
  }

  /** How long the worker has been silent while this process was connected, ms. */
  #silenceWhileListening({ heardAt }: KnownWorker): Duration {
    return elapsed(latest(heardAt, this.#listeningSince), this.#clock.monotonic());
  }
}

function byName<W extends LiveWorker>(workers: readonly W[]): readonly W[] {
  return workers.toSorted((a, b) => (a.beat.worker < b.beat.worker ? -1 : 1));
}

/** A claim of 0 is in flight. */
const isOfClaim = ({ claim }: BeatTask, sequence: Sequence): boolean => claim === 0 || claim === sequence;

/** Alive, or silent for little longer than the timeout; not lost, drained or excused before. */
function fellSilentLately(worker: KnownWorker, now: Monotonic, timeout: Duration): boolean {
  const { beat, heardAt, connectionLost, excused } = worker;
  const left = connectionLost || (beat.draining && beat.tasks.length === 0);
  return !left && !excused && elapsed(heardAt, now) <= (5 / 3) * timeout;
}
