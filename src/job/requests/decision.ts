// What a request decides about one task. Decisions are pure: use cases write them, and the model in test/model explores them.

import type { GenwardenError } from '../errors/index.ts';
import type { TaskDetail, TaskState, TaskWrite } from '../task.ts';

export type Decision =
  | { readonly do: 'write'; readonly write: TaskWrite }
  /** Leaves the task unchanged. */
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly error: GenwardenError };

/** The last message of a task's log. */
export interface LastMessage {
  readonly state: TaskState;
  readonly detail: TaskDetail;
}

export const nothing: Decision = { do: 'nothing' };
export const write = (message: TaskWrite): Decision => ({ do: 'write', write: message });
export const refuse = (error: GenwardenError): Decision => ({ do: 'refuse', error });
