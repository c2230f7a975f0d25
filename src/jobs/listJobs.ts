// A page of a tenant's jobs, newest first, from the index of this process.

import type { JobKind } from '../job/policy.ts';
import { countStates, jobState } from '../job/jobState.ts';
import { openStates, type TaskState } from '../job/task.ts';
import type { IndexedJob } from '../readmodel/jobIndex.ts';
import { sees } from './tenancy.ts';
import type { ApiContext } from '../api/options.ts';
import { glancesOf, type TaskGlance } from '../api/view/jobView.ts';
import { isGone } from './readJob.ts';

export interface ListRequest {
  readonly tenant: string;
  /** Job states; `open` for all open ones; empty for all. */
  readonly states: ReadonlySet<string>;
  readonly pool: string | undefined;
  readonly kind: JobKind | undefined;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly limit: number;
  /** Strictly older than this. */
  readonly before: ListPlace | undefined;
}

export interface ListPlace {
  readonly submittedAt: number;
  readonly job: string;
}

export interface ListPage {
  readonly jobs: readonly (readonly TaskGlance[])[];
  readonly next: ListPlace | null;
  /** False where finished jobs submitted up to `since` may be missing. */
  readonly complete: boolean;
  readonly since: number | null;
}

export async function listJobs(context: ApiContext, request: ListRequest): Promise<ListPage> {
  const { index } = context.follower;
  const jobs: (readonly TaskGlance[])[] = [];
  let last: ListPlace | undefined;
  for (const job of index.newestFirst(request.before)) {
    const tasks = fits(job, request, context.clock.now()) ? await tasksOf(context, job) : undefined;
    if (tasks === undefined || !isInState(tasks, request.states)) continue;
    // One more than asked for shows that there is a next page.
    if (jobs.length === request.limit) return page(jobs, last!, context, request);
    jobs.push(tasks);
    last = { submittedAt: job.submittedAt, job: job.job };
  }
  return page(jobs, null, context, request);
}

function page(
  jobs: ListPage['jobs'],
  next: ListPlace | null,
  { follower }: ApiContext,
  { states }: ListRequest,
): ListPage {
  const since = follower.index.completeSince;
  // Every open task is in the index, however old.
  const onlyOpen = states.size > 0 && [...states].every((state) => (openStates as readonly string[]).includes(state));
  return { jobs, next, complete: onlyOpen || since === null, since: onlyOpen ? null : since };
}

function fits(job: IndexedJob, { tenant, pool, kind, labels }: ListRequest, now: number): boolean {
  if (!sees(tenant, job.tenant) || job.expiresAt <= now) return false;
  const of = job.tasks.find((task) => task !== undefined)!.state.of;
  if ((pool !== undefined && of.pool !== pool) || (kind !== undefined && of.kind !== kind)) return false;
  return labels.every(([key, value]) => of.labels[key] === value);
}

/** All tasks; a job of which the index has seen only a part is read. */
async function tasksOf({ log, clock }: ApiContext, job: IndexedJob): Promise<readonly TaskGlance[] | undefined> {
  if (job.complete) return job.tasks as readonly TaskGlance[];
  const record = await log.read(job.job, job.tasks.find((task) => task !== undefined)!.state.of.pool);
  return record === undefined || isGone(record, clock.now()) ? undefined : glancesOf(record);
}

function isInState(tasks: readonly TaskGlance[], states: ReadonlySet<string>): boolean {
  if (states.size === 0) return true;
  return states.has(jobState(countStates(tasks.map(({ state }): TaskState => state))));
}
