// Tells from the log whether a job had finished at a position of the log. What happened later, such as a retry, does not matter,
// so the answer is the same whenever it is asked.

import { sleep } from '../async/sleep.ts';
import type { TaskIndex } from '../job/ids.ts';
import { isOpen, type Sequence, type TaskIdentity, type TaskRequest } from '../job/task.ts';
import type { DetailedEntry, JobLog, JobRecord } from '../ports/jobLog.ts';

export type FinishLog = Pick<JobLog, 'read' | 'history' | 'last'>;

export type Finish =
  | { readonly finished: true; readonly tasks: readonly DetailedEntry[]; readonly request: TaskRequest }
  /** This task was open: its end comes later in the log. */
  | { readonly finished: false; readonly open: TaskIndex };

/** Replicas may be a moment behind; the waits grow up to this, ms. */
const longestWait = 1_000;

/** `of` ended at `sequence`. Undefined if the job does not exist any more. Throws what the log throws. */
export async function finishAt(
  log: FinishLog,
  of: TaskIdentity,
  sequence: Sequence,
  signal: AbortSignal,
): Promise<Finish | undefined> {
  for (let wait = 20; !signal.aborted; wait = Math.min(2 * wait, longestWait)) {
    const record = await log.read(of.job, of.pool);
    if (record === undefined) return undefined;
    if (record.tasks[of.task]!.last.sequence >= sequence) {
      const tasks = await tasksAt(log, record, of, sequence);
      if (tasks === undefined) return undefined;
      const open = lastToChange(record, tasks);
      if (open === undefined) return { finished: true, tasks, request: record.tasks[0]!.request };
      if (!(await endedBefore(log, of, open, sequence))) return { finished: false, open };
    }
    // The answer is older than what the log has delivered already.
    await sleep(wait, signal);
  }
  return undefined;
}

/** The last message of each task up to the sequence; undefined if messages are missing, because the job is being deleted. */
async function tasksAt(
  log: FinishLog,
  record: JobRecord,
  { job, pool, total }: TaskIdentity,
  sequence: Sequence,
): Promise<readonly DetailedEntry[] | undefined> {
  const newest = record.tasks.map(({ last }) => last);
  if (newest.every((last) => last.sequence <= sequence)) return newest;
  const tasks = new Map<TaskIndex, DetailedEntry>();
  for (const entry of await log.history(job, pool)) {
    const known = tasks.get(entry.state.of.task);
    if (entry.sequence <= sequence && (known === undefined || known.sequence < entry.sequence))
      tasks.set(entry.state.of.task, entry);
  }
  const indexes = Array.from({ length: total }, (_, task) => task);
  return tasks.size === total ? indexes.map((task) => tasks.get(task)!) : undefined;
}

/** Of the tasks that were open, the one whose newest message is the last: the others have probably ended before it. */
function lastToChange(record: JobRecord, tasks: readonly DetailedEntry[]): TaskIndex | undefined {
  const open = tasks.filter(({ state }) => isOpen(state)).map(({ state }) => state.of.task);
  const changedAt = (task: TaskIndex): Sequence => record.tasks[task]!.last.sequence;
  return open.toSorted((one, other) => changedAt(other) - changedAt(one))[0];
}

/** Whether the task has in fact ended, according to the leader of the stream. */
async function endedBefore(
  log: FinishLog,
  { job, pool }: TaskIdentity,
  task: TaskIndex,
  sequence: Sequence,
): Promise<boolean> {
  const last = await log.last({ job, pool, task });
  return last !== undefined && !isOpen(last.state) && last.sequence <= sequence;
}
