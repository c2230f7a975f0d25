// What heartbeats say of every worker, timed by this process's monotonic clock.

import type { WorkerSight } from '../job/rules/rule.ts';
import type { Beat } from '../ports/heartbeats.ts';
import { taskKey, type TaskKey } from './taskKey.ts';

interface Seen {
  beat: Beat;
  heardAt: number;
  connectionLost: boolean;
  /** The first of the beats that came one after the other without a gap up to the last one. */
  streakFrom: number;
  /** The last beat that listed each task. */
  readonly listed: Map<TaskKey, number>;
  /** Its silence was taken for an outage once; it is not again. */
  excused: boolean;
}

/** How many beats back the lists are remembered; the rules ask for two. */
const memory = 8;

export class WorkersSeen {
  readonly #monotonic: () => number;
  readonly #workers = new Map<string, Seen>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Takes a beat in; it revives whoever was counted as gone. */
  beat(beat: Beat): void {
    const known = this.#workers.get(beat.worker);
    const follows = known !== undefined && beat.number === known.beat.number + 1;
    const listed = known?.listed ?? new Map<TaskKey, number>();
    for (const { job, task } of beat.tasks) listed.set(taskKey(job, task), beat.number);
    for (const [key, number] of listed) if (number < beat.number - memory) listed.delete(key);
    this.#workers.set(beat.worker, {
      beat,
      heardAt: this.#monotonic(),
      connectionLost: false,
      streakFrom: follows ? known.streakFrom : beat.number,
      listed,
      excused: false,
    });
  }

  connectionLost(worker: string): void {
    const seen = this.#workers.get(worker);
    if (seen !== undefined) seen.connectionLost = true;
  }

  /** Without `trustsLosses`, silence alone counts: who lost its connection may have come back unheard. */
  sight(worker: string, trustsLosses = true): WorkerSight | undefined {
    const seen = this.#workers.get(worker);
    if (seen === undefined) return undefined;
    return {
      silentFor: this.#monotonic() - seen.heardAt,
      connectionLost: seen.connectionLost && trustsLosses,
      beat: seen.beat.number,
      beatsWithout: (job, task) =>
        seen.beat.number - Math.max(seen.listed.get(taskKey(job, task)) ?? 0, seen.streakFrom - 1),
    };
  }

  /** The monotonic moment of the worker's last beat. */
  heardAt(worker: string): number | undefined {
    return this.#workers.get(worker)?.heardAt;
  }

  /**
   * Have most of at least three workers fallen silent at once? That is rather an outage than the death of them all; each
   * silence is taken for one but once. Workers beat three times per timeout, so two thirds of it is a missed beat.
   */
  mostFellSilent(timeout: number): boolean {
    const recent = [...this.#workers.values()].filter((seen) => this.#fellSilentLately(seen, timeout));
    const silent = recent.filter((seen) => this.#monotonic() - seen.heardAt >= (2 / 3) * timeout);
    if (recent.length < 3 || silent.length * 2 <= recent.length) return false;
    for (const seen of silent) seen.excused = true;
    return true;
  }

  /** How many workers of each pool were heard within the timeout. */
  heardByPool(timeout: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { beat, heardAt, connectionLost } of this.#workers.values()) {
      const heard = !connectionLost && this.#monotonic() - heardAt < timeout;
      counts.set(beat.pool, (counts.get(beat.pool) ?? 0) + (heard ? 1 : 0));
    }
    return counts;
  }

  /** Forgets workers that were silent for this long, ms, and that nobody asks for. */
  forgetSilent(silence: number, isAskedFor: (worker: string) => boolean): void {
    for (const [name, { heardAt }] of this.#workers)
      if (this.#monotonic() - heardAt >= silence && !isAskedFor(name)) this.#workers.delete(name);
  }

  /** Alive, or silent for not much longer than the timeout; not one that left for a reason that is known. */
  #fellSilentLately({ beat, heardAt, connectionLost, excused }: Seen, timeout: number): boolean {
    const left = connectionLost || (beat.draining && beat.tasks.length === 0);
    return !left && !excused && this.#monotonic() - heardAt <= (5 / 3) * timeout;
  }
}
