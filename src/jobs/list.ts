// One page of a tenant's jobs, newest first, from this process's index.

import type { JobKind } from '../job/policy.ts';
import { countStates, jobState } from '../job/jobState.ts';
import { openStates, type Instant, type Sequence, type TaskState } from '../job/task.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import type { IndexedJob } from '../readmodel/jobIndex.ts';
import type { ListPosition } from '../readmodel/jobOrder.ts';
import type { JobsContext } from './context.ts';
import { isDeletedOrExpired, type ReadContext } from './read.ts';
import { canSee } from './tenancy.ts';

export interface ListRequest {
  readonly tenant: string;
  /** Job states; empty for all. */
  readonly states: ReadonlySet<string>;
  readonly pool: string | undefined;
  readonly kind: JobKind | undefined;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly limit: number;
  /** Only jobs strictly older than this one. */
  readonly before: ListPosition | undefined;
}

export interface ListPage {
  /** All tasks of each job, by index. */
  readonly jobs: readonly (readonly TaskVersion[])[];
  readonly next: ListPosition | null;
  /** False if finished jobs submitted up to `since` may be missing. */
  readonly complete: boolean;
  readonly since: number | null;
}

/** A task's state without its details, which is all that a list shows. */
export interface TaskVersion {
  readonly sequence: Sequence;
  readonly state: TaskState;
}

export const taskVersions = ({ tasks }: JobRecord): readonly TaskVersion[] => tasks.map(({ last }) => last);

export async function listJobs(context: ReadContext, request: ListRequest): Promise<ListPage> {
  const { index } = context.follower;
  const jobs: (readonly TaskVersion[])[] = [];
  let last: ListPosition | undefined;
  for (const job of index.newestFirst(request.before)) {
    const tasks = matches(job, request, context.clock.now()) ? await tasksOf(context, job) : undefined;
    if (tasks === undefined || !isInState(tasks, request.states)) continue;
    // One more than requested shows that there is a next page.
    if (jobs.length === request.limit) return page(jobs, last!, context, request);
    jobs.push(tasks);
    last = { submittedAt: job.submittedAt, job: job.job };
  }
  return page(jobs, null, context, request);
}

function page(
  jobs: ListPage['jobs'],
  next: ListPosition | null,
  { follower }: Pick<JobsContext, 'follower'>,
  { states }: ListRequest,
): ListPage {
  const since = follower.index.completeSince;
  // The index holds every open task, however old.
  const onlyOpen = states.size > 0 && [...states].every((state) => (openStates as readonly string[]).includes(state));
  return { jobs, next, complete: onlyOpen || since === null, since: onlyOpen ? null : since };
}

function matches(job: IndexedJob, { tenant, pool, kind, labels }: ListRequest, now: Instant): boolean {
  if (!canSee(tenant, job.tenant) || job.expiresAt <= now) return false;
  const of = job.tasks.find((task) => task !== undefined)!.state.of;
  if ((pool !== undefined && of.pool !== pool) || (kind !== undefined && (of.jobKind ?? of.kind) !== kind))
    return false;
  return labels.every(([key, value]) => of.labels[key] === value);
}

/** All tasks of the job. If the index holds only some of them, the job is read. */
async function tasksOf({ log, clock }: ReadContext, job: IndexedJob): Promise<readonly TaskVersion[] | undefined> {
  if (job.complete) return job.tasks as readonly TaskVersion[];
  const record = await log.read(job.job, job.tasks.find((task) => task !== undefined)!.state.of.pool);
  return record === undefined || isDeletedOrExpired(record, clock.now()) ? undefined : taskVersions(record);
}

function isInState(tasks: readonly TaskVersion[], states: ReadonlySet<string>): boolean {
  if (states.size === 0) return true;
  return states.has(jobState(countStates(tasks.map(({ state }): TaskState => state))));
}
