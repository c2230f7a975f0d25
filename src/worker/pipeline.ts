// The types that the steps of a worker pass on: claim → ending → report.

import type { TaskError } from '../job/errors/index.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';
import type { Running, Sequence, TaskDetail, TaskRequest, TaskWrite, Usage } from '../job/task.ts';

/** The right to run a task, valid while the claim is the task's last message. */
export interface Claim {
  readonly sequence: Sequence;
  readonly state: Running;
  readonly request: TaskRequest;
  /** Of the attempt; absent in tests. */
  readonly span?: Span;
}

/** The success part of the final status. */
export type Result = Pick<TaskDetail, 'artifacts' | 'output' | 'flags'> & {
  readonly usage: Usage;
  /** What a reader should know about the result, as the end of a sentence. */
  readonly remark?: string;
  /** Why the check of the result could not be made, as one sentence. */
  readonly checkFailure?: string;
};

/** How an attempt ended. */
export type Ending =
  | { readonly end: 'completed'; readonly result: Result }
  | { readonly end: 'failed'; readonly error: TaskError }
  | { readonly end: 'cancelled'; readonly reason: string };

/** An ending that is reported; a cancelled attempt writes nothing. */
export type WrittenEnding = Exclude<Ending, { end: 'cancelled' }>;

/** The result of the final write. */
export type Report =
  | { readonly outcome: 'accepted' | 'adopted'; readonly write: TaskWrite }
  | { readonly outcome: 'refused'; readonly write: TaskWrite; readonly by: string }
  /** The worker stopped first, or gave up after several errors that are not transient. */
  | { readonly outcome: 'unanswered'; readonly write: TaskWrite };
