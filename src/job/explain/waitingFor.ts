// What an open task waits for, and until when: the first obstacle of its explanation.

import type { Observation, WaitingFor } from './observation.ts';
import { whyQueued } from './queued.ts';
import { whyInReview, whyWaiting } from './settled.ts';

/** Null for a task that runs, has finished, or should start in a moment. */
export function waitingFor(seen: Observation): WaitingFor | null {
  const { task } = seen;
  switch (task.state) {
    case 'queued':
      return whyQueued(task, seen)[0]?.waitingFor ?? null;
    case 'waiting':
      return whyWaiting(task, seen)[0]?.waitingFor ?? null;
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
