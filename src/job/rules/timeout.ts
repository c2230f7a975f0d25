// The failure that every timeout rule ends in.

import { taskError, type TaskErrorCode } from '../errors/index.ts';
import type { Instant, OpenTask } from '../task.ts';
import { failed } from '../transitions.ts';
import type { Write } from './rule.ts';

/** Fails the task; the rule has the name of the error. */
export function failBy(code: TaskErrorCode, task: OpenTask, message: string, now: Instant): Write {
  return { do: 'write', rule: code, state: failed(task, code, now), message, error: taskError(code, message) };
}
