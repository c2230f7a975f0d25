// The room that a caller of the task queue has for each flow, less what the call has taken already.

import { flowKey, type Flow } from '../../src/job/parts.ts';
import type { Room } from '../../src/ports/taskQueue.ts';

export interface RoomLeft {
  of(flow: Flow): number;
  take(flow: Flow): void;
}

export function roomLeft(room: Room): RoomLeft {
  const taken = new Map<string, number>();
  const of = (flow: Flow): number => room(flow) - (taken.get(flowKey(flow)) ?? 0);
  return { of, take: (flow) => void taken.set(flowKey(flow), (taken.get(flowKey(flow)) ?? 0) + 1) };
}
