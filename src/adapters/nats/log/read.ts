// A job as it stands: two direct gets, and the leader's word wherever they leave a doubt.

import { setTimeout as pause } from 'node:timers/promises';
import type { JobId } from '../../../job/ids.ts';
import { lanes, type TaskIdentity, type TaskRequest } from '../../../job/task.ts';
import type { DetailedEntry, JobRecord, TaskAddress, TaskRecord } from '../../../ports/jobLog.ts';
import { decodeEntry, decodeState, entryOrThrow } from '../stream/codec.ts';
import { lastOfTask, type LogContext } from './write.ts';
import { mapLimit } from '../../../async/mapLimit.ts';
import { allOfSubject, lastPerSubject } from '../jetstream/directReads.ts';
import { fromLeader } from '../jetstream/leaderReads.ts';
import { jobFilter, specsFilter, specSubject, statusesFilter, statusSubject } from '../stream/subjects.ts';

/** How many requests of one read are under way at a time. */
const atOnce = 16;
/** Pauses before a replica is asked again, ms: it is rarely more than a few behind. */
const secondLooks = [10, 30, 90];

/** Undefined after the leader said that there is none, or none any more. Throws `Unavailable`. */
export async function readJob(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const seen = await readDirect(context, job, pool);
  const record = seen ?? (await readAgain(context, job, pool));
  const expired = record !== undefined && record.tasks[0]!.last.state.of.expiresAt <= context.now();
  return expired ? undefined : record;
}

/** The newest request of a task, from the leader. */
export async function newestRequest(context: LogContext, address: TaskAddress): Promise<TaskRequest | undefined> {
  const { job, pool, task } = address;
  const filter = specsFilter(context.prefix, job, pool, task);
  const message = await fromLeader(context.requests, context.prefix, { last_by_subj: filter });
  return message === undefined ? undefined : entryOrThrow(decodeEntry(message)).detail.request;
}

/** Every message of the job, oldest first per task. Read by literal subjects: wildcards cost five times as much. */
export async function readHistory(context: LogContext, job: JobId, pool?: string): Promise<readonly DetailedEntry[]> {
  const record = await readJob(context, job, pool);
  if (record === undefined) return [];
  const histories = await mapLimit(atOnce, record.tasks, async ({ last }) => {
    const parts = await Promise.all(subjectsOf(context.prefix, last.state.of).map((s) => allOfSubject(context, s)));
    return parts.flat().toSorted((one, other) => one.sequence - other.sequence);
  });
  return histories.flat();
}

/** A spec is ever only in the lane of its priority or in `again`. */
function subjectsOf(prefix: string, of: TaskIdentity): string[] {
  const specLanes = lanes.filter((lane) => lane === 'again' || lane === of.priority);
  return [...specLanes.map((lane) => specSubject(prefix, of, lane)), statusSubject(prefix, of)];
}

async function readDirect(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const [statuses, specs] = await Promise.all([
    lastPerSubject(context, statusesFilter(context.prefix, job, pool)),
    lastPerSubject(context, specsFilter(context.prefix, job, pool)),
  ]);
  return assemble(job, [...statuses, ...specs]);
}

/** Undefined where a task is missing. */
function assemble(job: JobId, entries: readonly DetailedEntry[]): JobRecord | undefined {
  const total = entries[0]?.state.of.total;
  if (total === undefined) return undefined;
  const tasks: { last?: DetailedEntry; spec?: DetailedEntry }[] = Array.from({ length: total }, () => ({}));
  for (const entry of entries) {
    const { task } = entry.state.of;
    const { last, spec } = tasks[task] ?? {};
    tasks[task] = {
      last: newer(last, entry),
      ...(entry.detail.request === undefined ? spec && { spec } : { spec: newer(spec, entry) }),
    };
  }
  const records = tasks.map(({ last, spec }) => last && spec && { last, request: spec.detail.request! });
  return records.every((record) => record !== undefined) ? { job, tasks: records } : undefined;
}

const newer = (one: DetailedEntry | undefined, other: DetailedEntry): DetailedEntry =>
  one !== undefined && one.sequence > other.sequence ? one : other;

/** The replica knows nothing of the job, or not all: the leader decides which of the two is true. */
async function readAgain(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const { requests, prefix } = context;
  const message = await fromLeader(requests, prefix, { last_by_subj: jobFilter(prefix, job, pool) });
  if (message === undefined) return undefined;
  for (const wait of secondLooks) {
    await pause(wait);
    const seen = await readDirect(context, job, pool);
    if (seen !== undefined) return seen;
  }
  return readFromLeader(context, entryOrThrow(decodeState(message)).state.of);
}

/** A job that misses tasks even there is on its way out: purged, or past its retention. */
async function readFromLeader(context: LogContext, of: TaskIdentity): Promise<JobRecord | undefined> {
  const indexes = Array.from({ length: of.total }, (_, task) => task);
  const tasks = await mapLimit(atOnce, indexes, async (task): Promise<TaskRecord | undefined> => {
    const address = { ...of, task };
    const [last, request] = await Promise.all([lastOfTask(context, address), newestRequest(context, address)]);
    return last && request && { last, request };
  });
  return tasks.every((task) => task !== undefined) ? { job: of.job, tasks } : undefined;
}
