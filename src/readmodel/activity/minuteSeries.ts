// The last hour of one tenant by minute, in arrays of fixed size: what ended, how long it took, and what was open at the end of each
// minute. About 13 KB.

import type { Duration } from '../../job/duration.ts';
import type { TerminalTask } from '../../job/task.ts';
import type { OpenCounts } from '../tenantTally.ts';
import { binCount, binOf, percentile, type Latencies } from './latencyBins.ts';

/** Also the number of slots. */
export const windowMinutes = 60;

/** Whole minutes since 1970. */
export type Minute = number;

type Outcome = TerminalTask['state'];

export interface Finished {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of the tasks that succeeded or failed, ms; null if there are none. */
  readonly p50: Duration | null;
  readonly p95: Duration | null;
}

export interface MinuteFigures extends Finished {
  readonly minute: Minute;
  /** At the end of the minute. */
  readonly open: Omit<OpenCounts, 'needs_review'>;
}

const counted = ['queued', 'running', 'waiting'] as const;
const numbers = (): Uint32Array => new Uint32Array(windowMinutes);
/** The most that a bin holds: 1,000 tasks of the same latency each second. */
const fullBin = 0xffff;

export class MinuteSeries {
  readonly #finished = { succeeded: numbers(), failed: numbers(), cancelled: numbers() };
  readonly #open = { queued: numbers(), running: numbers(), waiting: numbers() };
  readonly #bins = new Uint16Array(windowMinutes * binCount);
  readonly #min = numbers();
  readonly #max = numbers();
  #newest: Minute;

  /** `open` is what was open in every minute up to now. */
  constructor(newest: Minute, open: OpenCounts) {
    this.#newest = newest;
    for (const state of counted) this.#open[state].fill(open[state]);
  }

  get newest(): Minute {
    return this.#newest;
  }

  /** What was open stays open until something changes. */
  advanceTo(minute: Minute): void {
    const last = slotOf(this.#newest);
    for (let next = Math.max(this.#newest + 1, minute - windowMinutes + 1); next <= minute; next += 1) {
      const slot = slotOf(next);
      for (const values of Object.values(this.#finished)) values[slot] = 0;
      for (const values of Object.values(this.#open)) values[slot] = values[last]!;
      this.#bins.fill(0, slot * binCount, (slot + 1) * binCount);
      this.#min[slot] = 0;
      this.#max[slot] = 0;
    }
    this.#newest = Math.max(this.#newest, minute);
  }

  /** Sets what is open now, at the newest minute. */
  setOpen(open: OpenCounts): void {
    const slot = slotOf(this.#newest);
    for (const state of counted) this.#open[state][slot] = open[state];
  }

  /** Ignored if the minute has left the window. */
  addFinished(minute: Minute, outcome: Outcome, took: Duration): void {
    if (minute <= this.#newest - windowMinutes) return;
    const slot = slotOf(minute);
    this.#finished[outcome][slot]! += 1;
    if (outcome === 'cancelled') return;
    const isFirst = this.#finished.succeeded[slot]! + this.#finished.failed[slot]! === 1;
    this.#min[slot] = isFirst ? took : Math.min(this.#min[slot]!, took);
    this.#max[slot] = isFirst ? took : Math.max(this.#max[slot]!, took);
    const bin = slot * binCount + binOf(took);
    if (this.#bins[bin]! < fullBin) this.#bins[bin]! += 1;
  }

  /** Oldest first; the last one is the newest. */
  minutes(): MinuteFigures[] {
    return this.#window().map((minute) => {
      const slot = slotOf(minute);
      const open = { queued: 0, running: 0, waiting: 0 };
      for (const state of counted) open[state] = this.#open[state][slot]!;
      return { minute, ...this.#finishedIn([slot]), open };
    });
  }

  /** Of the whole window. */
  total(): Finished {
    return this.#finishedIn(this.#window().map(slotOf));
  }

  #window(): Minute[] {
    return Array.from({ length: windowMinutes }, (_, at) => this.#newest - windowMinutes + 1 + at);
  }

  #finishedIn(slots: readonly number[]): Finished {
    const sum = (values: Uint32Array): number => slots.reduce((all, slot) => all + values[slot]!, 0);
    const { succeeded, failed, cancelled } = this.#finished;
    const latencies = this.#latencies(slots.filter((slot) => succeeded[slot]! + failed[slot]! > 0));
    return {
      succeeded: sum(succeeded),
      failed: sum(failed),
      cancelled: sum(cancelled),
      p50: percentile(latencies, 0.5),
      p95: percentile(latencies, 0.95),
    };
  }

  /** Of slots in which tasks succeeded or failed. */
  #latencies(slots: readonly number[]): Latencies {
    const bins = new Uint32Array(binCount);
    for (const slot of slots)
      for (let bin = 0; bin < binCount; bin += 1) bins[bin]! += this.#bins[slot * binCount + bin]!;
    return {
      bins,
      min: Math.min(...slots.map((slot) => this.#min[slot]!)),
      max: Math.max(...slots.map((slot) => this.#max[slot]!)),
    };
  }
}

const slotOf = (minute: Minute): number => minute % windowMinutes;
