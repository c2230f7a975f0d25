// Fairness over tenants: in which part of its priority's lane a task is queued. The lane itself is the express part, in which each
// tenant has only a few tasks. The tasks beyond those wait in tenant parts, which take turns. Pure.

import { lanes, type Lane, type Priority } from './lanes.ts';
import type { Queued, TaskBase } from './task.ts';

/** The tenant parts of each priority, numbered from 1. */
export const partCount = 7;
/** How many queued tasks of a priority a tenant may have before its next ones go to a tenant part. */
export const expressPlaces = 4;

/** A part of a pool's queue, with one consumer; `part` is absent for the lane itself. */
export interface QueuePart {
  readonly lane: Lane;
  readonly part?: number;
}

const priorities: readonly Priority[] = ['high', 'normal', 'low'];
const numbers: readonly number[] = Array.from({ length: partCount }, (_, at) => at + 1);

/** The tenant parts of a pool, by priority. */
export const tenantParts: readonly Required<QueuePart>[] = priorities.flatMap((lane) =>
  numbers.map((part) => ({ lane, part })),
);

/** Every part of a pool's queue, in the order of urgency. */
export const queueParts: readonly QueuePart[] = lanes.flatMap((lane) => [
  { lane },
  ...tenantParts.filter((part) => part.lane === lane),
]);

/** Where a task is queued; `again` and `guest` have no parts. */
export function placeOf({ lane, part }: Pick<Queued, 'lane' | 'part'>): QueuePart {
  return lane === 'again' || lane === 'guest' || part === undefined ? { lane } : { lane, part };
}

/** Tasks that share a place in the queue and the limits of a pool. */
export interface Flow {
  readonly tenant: string;
  readonly group: string | null;
}

export const flowOf = ({ of }: Pick<TaskBase, 'of'>): Flow => ({ tenant: of.tenant, group: of.group ?? null });
/** Neither a tenant nor a group contains a line break. */
export const flowKey = ({ tenant, group }: Flow): string => (group === null ? tenant : `${tenant}\n${group}`);

/** What is queued in one lane of a pool. */
export interface LaneLoad {
  /** Queued tasks of the tenant in the lane and its parts. */
  readonly ofTenant: number;
  /** Queued tasks of the flow, by part. */
  readonly ofFlow: (part: number) => number;
  /** Queued tasks of all tenants, by part. */
  readonly ofAll: (part: number) => number;
  /** How many more tasks of the flow may be queued and running before its limit holds some back; Infinity without a limit. */
  readonly room: number;
}

/**
 * The parts of `count` new tasks of a flow, in order. The first ones go to the lane itself as long as the tenant has few queued
 * tasks there and none that its limit would hold back. The others go to the part in which the flow has most tasks, so that they
 * stay in order; otherwise to the part with the fewest tasks. `random` in [0, 1) chooses among equals.
 */
export function choosePart(load: LaneLoad, count: number, random: number): readonly (number | undefined)[] {
  const express = Math.max(0, Math.min(count, expressPlaces - load.ofTenant, load.room));
  const part = express === count ? undefined : tenantPart(load, random);
  return Array.from({ length: count }, (_, at) => (at < express ? undefined : part));
}

function tenantPart({ ofFlow, ofAll }: LaneLoad, random: number): number {
  const first = Math.floor(random * partCount);
  const rotated = numbers.map((_, at) => numbers[(first + at) % partCount]!);
  return rotated.reduce((best, part) => {
    if (ofFlow(part) !== ofFlow(best)) return ofFlow(part) > ofFlow(best) ? part : best;
    return ofAll(part) < ofAll(best) ? part : best;
  });
}

/** A task of a new run, in a part of its priority's lane. */
export const inPart = (task: Queued, part: number | undefined): Queued =>
  part === undefined ? task : { ...task, part };
