// Shared by the rules of time: how late a task may be before it is judged, and the failure that follows.

import { taskError, type TaskErrorCode } from '../errors/index.ts';
import type { Instant, OpenTask } from '../task.ts';
import { failed } from '../transitions.ts';
import type { World, Write } from './rule.ts';

/** ms that a live worker gets to report the end of its attempt itself. */
export const reportGrace = 500;

/** Is `moment` past, with the grace that the state and the world ask for? */
export function isPast(moment: Instant, task: OpenTask, world: World, now: Instant): boolean {
  return now >= moment + graceFor(task, world);
}

/** ms after a moment at which a task in this state may be judged by it. */
export function graceFor(task: OpenTask, world: World): number {
  return Math.max(world.grace, task.state === 'running' ? reportGrace : 0);
}

export function fail(task: OpenTask, code: TaskErrorCode, message: string, now: Instant): Write {
  return { do: 'write', rule: code, state: failed(task, code, now), message, error: taskError(code, message) };
}
