// Converts a verdict to the message to write. A requeue publishes the whole request again.

import { taskError } from '../job/errors/index.ts';
import type { Write } from '../job/rules/rule.ts';
import { isHeld, type Instant, type OpenTask, type Sequence, type TaskDetail, type TaskWrite } from '../job/task.ts';
import type { Monotonic } from '../job/time.ts';
import { failed } from '../job/transitions.ts';
import type { JobLog, LogEntry, TaskAddress } from '../ports/jobLog.ts';

export interface Message {
  readonly write: TaskWrite;
  /** The rule that applied, or `SpecLost` if the requeue was impossible. */
  readonly rule: string;
}

/** An observed open task. */
export interface Observed {
  readonly task: OpenTask;
  readonly sequence: Sequence;
  readonly seenAt: Monotonic;
}

export type Outcome =
  | { readonly outcome: 'written'; readonly entry: LogEntry }
  /** The task has a newer message. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'failed'; readonly error: unknown };

type Reads = Pick<JobLog, 'request' | 'last'>;

/**
 * The index stores no message bodies, so the request of a requeue and the result of a review are read from the stream's
 * leader.
 */
export async function messageFor(
  verdict: Write,
  task: OpenTask,
  sequence: Sequence,
  log: Reads,
  now: Instant,
): Promise<Message> {
  const { state, rule } = verdict;
  const detail: TaskDetail =
    verdict.error === undefined ? { message: verdict.message } : { message: verdict.message, error: verdict.error };
  if (state.state !== 'queued' && !isHeld(state)) {
    const kept = task.state === 'needs_review' ? await resultOf(task, sequence, log) : {};
    return { rule, write: { state, detail: { ...kept, ...detail } } };
  }
  const request = await log.request(addressOf(task));
  if (request === undefined) return specLost(task, now);
  return { rule, write: { state, detail: { ...detail, request } } };
}

export function addressOf({ of }: OpenTask): TaskAddress {
  return { pool: of.pool, job: of.job, task: of.task };
}

function specLost(task: OpenTask, now: Instant): Message {
  const message = 'The task could not be requeued because its request is no longer stored';
  const error = taskError('SpecLost', message);
  return { rule: 'SpecLost', write: { state: failed(task, 'SpecLost', now), detail: { message, error } } };
}

/** A task keeps its result when its review times out. */
async function resultOf(task: OpenTask, sequence: Sequence, log: Reads): Promise<Partial<TaskDetail>> {
  const last = await log.last(addressOf(task));
  if (last?.sequence !== sequence) return {};
  const { artifacts, output, usage, used, flags } = last.detail;
  return {
    ...(artifacts !== undefined && { artifacts }),
    ...(output !== undefined && { output }),
    ...(usage !== undefined && { usage }),
    ...(used !== undefined && { used }),
    ...(flags !== undefined && { flags }),
  };
}
