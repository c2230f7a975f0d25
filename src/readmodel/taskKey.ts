// Identifies a task by one string, for use as a key in maps and sets.

import type { JobId, TaskIndex } from '../job/ids.ts';

export type TaskKey = string;

export const taskKey = (job: JobId, task: TaskIndex): TaskKey => `${job}/${task}`;

export function fromTaskKey(key: TaskKey): { job: JobId; task: TaskIndex } {
  const slash = key.indexOf('/');
  return { job: key.slice(0, slash), task: Number(key.slice(slash + 1)) };
}
