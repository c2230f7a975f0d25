// Reads a job with two direct gets, and asks the stream's leader if their result is uncertain.

import { mapLimit } from '../../../async/mapLimit.ts';
import { sleep } from '../../../async/sleep.ts';
import type { JobId } from '../../../job/ids.ts';
import { tenantParts } from '../../../job/parts.ts';
import type { TaskIdentity, TaskRequest } from '../../../job/task.ts';
import type { DetailedEntry, JobRecord, TaskAddress, TaskRecord } from '../../../ports/jobLog.ts';
import { decodeState, entryOrThrow } from '../stream/codec.ts';
import {
  guestLane,
  heldLane,
  jobFilter,
  laneToken,
  specsFilter,
  specSubject,
  statusesFilter,
  statusSubject,
  subjectOf,
} from '../stream/subjects.ts';
import {
  historyOfSubject,
  lastOfTask,
  lastPerSubject,
  leaderEntry,
  leaderMessage,
  type LogContext,
} from './entries.ts';

/** How many requests of one read run in parallel. */
const parallelReads = 16;
/** Delays before a replica is asked again, ms: it is rarely further behind. */
const replicaDelays = [10, 30, 90];

/** Undefined only after the leader has confirmed that there is no such job, or it has expired. Throws `Unavailable`. */
export async function readJob(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const seen = await readDirect(context, job, pool);
  const record = seen ?? (await readAgain(context, job, pool));
  const expired = record !== undefined && record.tasks[0]!.last.state.of.expiresAt <= context.now();
  return expired ? undefined : record;
}

/** The newest request of a task, from the leader. */
export async function newestRequest(context: LogContext, address: TaskAddress): Promise<TaskRequest | undefined> {
  const { job, pool, task } = address;
  const entry = await leaderEntry(context, { last_by_subj: specsFilter(context.link.prefix, job, pool, task) });
  return entry?.detail.request;
}

/** Every message of the job, oldest first per task. Reads literal subjects: wildcards cost five times as much. */
export async function readHistory(context: LogContext, job: JobId, pool?: string): Promise<readonly DetailedEntry[]> {
  const record = await readJob(context, job, pool);
  if (record === undefined) return [];
  const lanes = await lanesOf(context, record, pool);
  const histories = await mapLimit(parallelReads, record.tasks, async ({ last }) => {
    const subjects = subjectsOf(context.link.prefix, last.state.of, lanes);
    const parts = await Promise.all(subjects.map((subject) => historyOfSubject(context, subject)));
    return parts.flat().toSorted((one, other) => one.sequence - other.sequence);
  });
  return histories.flat();
}

const subjectsOf = (prefix: string, of: TaskIdentity, lanes: readonly string[]): string[] => [
  ...lanes.map((lane) => specSubject(prefix, of, lane)),
  statusSubject(prefix, of),
];

/** The lane tokens of the job's specs. Few jobs have specs in more than one tenant part, so most parts need no reads. */
async function lanesOf(context: LogContext, { tasks }: JobRecord, pool?: string): Promise<string[]> {
  const { of } = tasks[0]!.last.state;
  const possible = [...new Set(tasks.flatMap(({ last }) => specLanes(last.state.of)))];
  const specs = await lastPerSubject(context, specsFilter(context.link.prefix, of.job, pool));
  if (specs === undefined) return possible;
  const used = new Set(specs.map(({ state }) => subjectOf(context.link.prefix, state).split('.').at(-3)!));
  return possible.filter((lane) => used.has(lane) || !lane.startsWith(`${of.priority}-`));
}

/**
 * The lane tokens that specs of the task can have: its priority and the tenant parts of that, `again`, that of held specs, and
 * one for each other pool that it may fall back to.
 */
function specLanes({ pool, priority, policy, after }: TaskIdentity): string[] {
  const others = new Set((policy.fallback ?? []).map((target) => target.pool).filter((other) => other !== pool));
  const parts = tenantParts.filter(({ lane }) => lane === priority);
  return [
    'again',
    priority,
    ...parts.map(laneToken),
    ...(after === undefined ? [] : [heldLane]),
    ...Array.from(others, guestLane),
  ];
}

async function readDirect(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const { prefix } = context.link;
  // Statuses are at most 500, one for each task.
  const [statuses = [], specs] = await Promise.all([
    lastPerSubject(context, statusesFilter(prefix, job, pool)),
    lastPerSubject(context, specsFilter(prefix, job, pool)),
  ]);
  return assemble(job, [...statuses, ...(specs ?? (await specsByLane(context, statuses)))]);
}

/**
 * For a large job whose tasks were requeued and fell back to several pools: all its specs together are more than the server
 * returns at once. Such a job has statuses.
 */
async function specsByLane(context: LogContext, statuses: readonly DetailedEntry[]): Promise<DetailedEntry[]> {
  const { of } = statuses[0]!.state;
  const lanes = new Set([...statuses.flatMap(({ state }) => specLanes(state.of)), heldLane]);
  const filters = Array.from(lanes, (lane) => specsFilter(context.link.prefix, of.job, of.pool, '*', lane));
  return (await Promise.all(filters.map((filter) => lastPerSubject(context, filter)))).flatMap((specs) => specs ?? []);
}

/** Undefined if a task is missing. */
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

/**
 * For a job that the replica does not know, or only in part: it may be behind, or the job may no longer exist. A tombstone is
 * the last message of a deleted job, so no replica can have more of it.
 */
async function readAgain(context: LogContext, job: JobId, pool?: string): Promise<JobRecord | undefined> {
  const message = await leaderMessage(context, { last_by_subj: jobFilter(context.link.prefix, job, pool) });
  if (message === undefined) return undefined;
  const { state } = entryOrThrow(decodeState(message));
  if (state.state === 'deleted' || state.of.expiresAt <= context.now()) return undefined;
  for (const wait of replicaDelays) {
    await sleep(wait);
    const seen = await readDirect(context, job, pool);
    if (seen !== undefined) return seen;
  }
  return readFromLeader(context, state.of);
}

/** A job whose tasks are incomplete even here is being purged. */
async function readFromLeader(context: LogContext, of: TaskIdentity): Promise<JobRecord | undefined> {
  const indexes = Array.from({ length: of.total }, (_, task) => task);
  const tasks = await mapLimit(parallelReads, indexes, async (task): Promise<TaskRecord | undefined> => {
    const address = { ...of, task };
    const [last, request] = await Promise.all([lastOfTask(context, address), newestRequest(context, address)]);
    return last && request && { last, request };
  });
  return tasks.every((task) => task !== undefined) ? { job: of.job, tasks } : undefined;
}
