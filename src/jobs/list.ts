// One page of a tenant's jobs, newest first, from this process's index.

import { givingWay } from '../async/givingWay.ts';
import type { JobKind } from '../job/policy.ts';
import { countStates, jobState } from '../job/jobState.ts';
import { openStates, type Instant, type Sequence, type TaskState } from '../job/task.ts';
import { elapsed } from '../job/time.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import type { IndexedJob, IndexedTask, JobIndex } from '../readmodel/jobIndex.ts';
import type { ListPosition } from '../readmodel/jobOrder.ts';
import type { JobsContext } from './context.ts';
import { isDeletedOrExpired, type ReadContext } from './read.ts';
import type { Search } from './search.ts';
import { canSee } from './tenancy.ts';

export interface ListRequest {
  readonly tenant: string;
  /** Job states; empty for all. */
  readonly states: ReadonlySet<string>;
  readonly pool: string | undefined;
  readonly kind: JobKind | undefined;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly search?: Search | undefined;
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
  const began = context.clock.monotonic();
  const giveWay = givingWay(() => elapsed(began, context.clock.monotonic()));
  let last: ListPosition | undefined;
  let at = request.before;
  for (;;) {
    const { found, seen } = nextIn(index, request, at, context.clock.now());
    if (seen === undefined) return page(jobs, null, context, request);
    // The index may change during each wait, so the next step starts at a position and not at a place in it.
    at = positionOf(seen);
    const tasks = found === undefined ? undefined : await tasksOf(context, found);
    if (tasks !== undefined && fits(tasks, request)) {
      // One more than requested shows that there is a next page.
      if (jobs.length === request.limit) return page(jobs, last!, context, request);
      jobs.push(tasks);
      last = at;
    }
    await giveWay();
  }
}

const positionOf = ({ submittedAt, job }: IndexedJob): ListPosition => ({ submittedAt, job });

/** How many jobs are looked at before others get their turn. */
const step = 256;

/** The next job that may fit, and the last one that was looked at; of neither if the list ends here. */
function nextIn(
  index: JobIndex,
  request: ListRequest,
  before: ListPosition | undefined,
  now: Instant,
): { readonly found?: IndexedJob; readonly seen?: IndexedJob } {
  let left = step;
  let seen: IndexedJob | undefined;
  for (const job of index.newestFirst(before)) {
    if (mayFit(job, request, now)) return { found: job, seen: job };
    seen = job;
    left -= 1;
    if (left === 0) break;
  }
  return seen === undefined ? {} : { seen };
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

/** As far as the index knows the job. */
function mayFit(job: IndexedJob, request: ListRequest, now: Instant): boolean {
  const { tenant, pool, kind, labels } = request;
  if (!canSee(tenant, job.tenant) || job.expiresAt <= now) return false;
  const of = job.tasks.find((task) => task !== undefined)!.state.of;
  if ((pool !== undefined && of.pool !== pool) || (kind !== undefined && (of.jobKind ?? of.kind) !== kind))
    return false;
  if (!labels.every(([key, value]) => of.labels[key] === value)) return false;
  return !job.complete || fits(job.tasks as readonly IndexedTask[], request);
}

/** What only all tasks of the job together show. */
function fits(tasks: readonly TaskVersion[], { states, search }: ListRequest): boolean {
  return (search?.(tasks[0]!.state.of) ?? true) && isInState(tasks, states);
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
