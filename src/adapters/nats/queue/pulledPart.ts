// A part of a pool's queue as one process sees it: its pulls, the deliveries that no caller has taken yet, and what its last
// deliveries show about the tenants that wait there.

import { flowKey, flowOf, type Flow, type QueuePart } from '../../../job/parts.ts';
import type { Lane } from '../../../job/task.ts';
import type { Delivery, Room } from '../../../ports/taskQueue.ts';
import type { LanePull } from './lanePull.ts';

/** The last deliveries tell which tenants wait. */
const remembered = 8;
/** How many tasks in a row whose tenant has no room a worker looks past. */
const lookAhead = 4;
/** A tenant part that was empty, whose tasks had no room, or that has no consumer is looked at again after this, ms. */
const lookAgainAfter = { empty: 500, held: 2_000, missing: 5_000 };

export class PulledPart implements QueuePart {
  readonly lane: Lane;
  readonly part?: number;
  readonly pull: LanePull;
  kept: Delivery[] = [];
  /** It had nothing left at the last answer. */
  isEmpty: boolean;
  #recent: Flow[] = [];
  /** Deliveries in a row without room. */
  #withoutRoom = 0;
  /** When a poll or a delivery last showed what is there. */
  #lookedAt = -Infinity;

  constructor({ lane, part }: QueuePart, pull: LanePull) {
    this.lane = lane;
    if (part !== undefined) this.part = part;
    this.pull = pull;
    // Most tenant parts are empty. The first look will show it.
    this.isEmpty = this.isTenantPart;
  }

  get isTenantPart(): boolean {
    return this.part !== undefined;
  }

  /** The tenants of the last deliveries. */
  tenants(): ReadonlySet<string> {
    return new Set(this.#recent.map(({ tenant }) => tenant));
  }

  mayHaveSpecs(): boolean {
    return !this.isEmpty && !this.pull.isStanding;
  }

  /** Whether it should be polled for one task, to find out what is there. `now` by the monotonic clock, ms. */
  isToBeChecked(room: Room, now: number): boolean {
    return this.isTenantPart && !this.pull.isStanding && now >= this.nextLook(room);
  }

  /** When to look again at a part that is not polled; Infinity for one that is. */
  nextLook(room: Room): number {
    if (this.pull.isMissing) return this.#lookedAt + lookAgainAfter.missing;
    if (this.isHeld(room)) return this.#lookedAt + lookAgainAfter.held;
    return this.isEmpty ? this.#lookedAt + lookAgainAfter.empty : Infinity;
  }

  /** Its first tasks may not start now, and neither may those behind them, as far as this process looks. */
  isHeld(room: Room): boolean {
    const looked = this.#withoutRoom >= lookAhead || (this.#withoutRoom > 0 && this.isEmpty);
    return looked && this.places(room) === 0;
  }

  /** How many of its tasks may start now, as far as the last deliveries tell. */
  places(room: Room): number {
    if (this.#recent.length === 0) return Infinity;
    const flows = new Map(this.#recent.map((flow) => [flowKey(flow), flow]));
    return [...flows.values()].reduce((sum, flow) => sum + Math.max(0, room(flow)), 0);
  }

  /** Call it before a poll that finds out what is there. */
  look(now: number): void {
    this.#lookedAt = now;
    this.#withoutRoom = 0;
  }

  /** Notes a delivery; false if its task may not start now. */
  delivered({ entry }: Delivery, room: Room, now: number): boolean {
    const flow = flowOf(entry.state);
    this.#recent = [...this.#recent.slice(1 - remembered), flow];
    this.#lookedAt = now;
    const mayStart = !this.isTenantPart || room(flow) > 0;
    this.#withoutRoom = mayStart ? 0 : this.#withoutRoom + 1;
    return mayStart;
  }

  /** A poll for so many tasks was answered with fewer. */
  answered(received: number): void {
    this.isEmpty = true;
    if (received === 0) this.#recent = [];
  }
}

interface PartWithTenants extends QueuePart {
  /** The tenants that wait there, as far as it is known. */
  readonly tenants: () => ReadonlySet<string>;
}

/** Each part with its weight: the sum of its tenants' weights, each divided among the parts of the lane in which the tenant waits. */
export function weighted<Part extends PartWithTenants>(
  parts: readonly Part[],
  weightOf: (tenant: string) => number,
): { readonly lane: Lane; readonly part?: number; readonly weight: number; readonly of: Part }[] {
  const places = new Map<string, number>();
  const key = (of: Part, tenant: string): string => `${of.lane}\n${tenant}`;
  const tenantParts = parts.filter(({ part }) => part !== undefined);
  for (const of of tenantParts)
    for (const one of of.tenants()) places.set(key(of, one), (places.get(key(of, one)) ?? 0) + 1);
  return parts.map((of) => {
    const share = (one: string): number => (of.part === undefined ? 1 : places.get(key(of, one))!);
    const weights = [...of.tenants()].map((one) => weightOf(one) / share(one));
    const weight = weights.length === 0 ? 1 : weights.reduce((sum, next) => sum + next, 0);
    return { lane: of.lane, ...(of.part === undefined ? {} : { part: of.part }), weight, of };
  });
}
