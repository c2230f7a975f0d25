// The slots of a pool's workers: how many tasks run, and how many more could.

import type { Worker } from '../../../client/index.ts';

export type Slot = 'busy' | 'free' | 'leaked';

export interface Slots {
  busy: number;
  /** Of workers that still start tasks. */
  free: number;
  leaked: number;
  total: number;
}

export function slotsOf(workers: readonly Worker[]): Slots {
  const sum: Slots = { busy: 0, free: 0, leaked: 0, total: 0 };
  for (const { slots, draining } of workers) {
    sum.busy += slots.busy;
    sum.leaked += slots.leaked;
    sum.total += slots.total;
    sum.free += draining ? 0 : freeOf(slots);
  }
  return sum;
}

/** More dots than these are a bar. */
const mostDots = 64;

/** A row of slots for each worker; undefined if there are too many to draw. */
export function dotsOf(workers: readonly Worker[]): { worker: string; slots: Slot[] }[] | undefined {
  const rows = workers.map(({ name, slots, draining }) => ({
    worker: name,
    slots: [
      ...Array<Slot>(slots.busy).fill('busy'),
      ...Array<Slot>(slots.leaked).fill('leaked'),
      ...Array<Slot>(draining ? 0 : freeOf(slots)).fill('free'),
    ],
  }));
  const count = rows.reduce((sum, { slots }) => sum + slots.length, 0);
  return count > mostDots ? undefined : rows;
}

const freeOf = ({ total, busy, leaked }: Worker['slots']): number => Math.max(0, total - busy - leaked);
