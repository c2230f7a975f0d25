// What an open task waits for, and until when: the first obstacle of its explanation.

import { isHeld } from '../task.ts';
import { whyHeld } from './held.ts';
import type { Observation, WaitingFor } from './observation.ts';
import { whyQueued } from './queued.ts';
import { heldByStorage } from './storage.ts';
import { whyInReview, whyWaiting } from './settled.ts';

/** Null for a task that has finished, should start in a moment, or runs, unless full storage holds it up. */
export function waitingFor(seen: Observation): WaitingFor | null {
  const { task } = seen;
  const held = heldByStorage(seen)?.waitingFor;
  if (held !== undefined) return held;
  switch (task.state) {
    case 'queued':
      return whyQueued(task, seen)[0]?.waitingFor ?? null;
    case 'waiting':
      return (isHeld(task) ? whyHeld(task, seen) : whyWaiting(task, seen))[0]?.waitingFor ?? null;
    case 'needs_review':
      return whyInReview(task, seen)[0]?.waitingFor ?? null;
    case 'running':
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case 'deleted':
      return null;
    default:
      return task satisfies never;
  }
}
