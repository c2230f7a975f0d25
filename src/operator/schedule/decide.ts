// Decides what is due for a GenerationSchedule: a job to create, jobs to delete, and the status. Pure; follows CronJob.
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/

import type { Instant } from '../../job/task.ts';
import type { CronTimes } from '../../ports/cron.ts';
import type { RecordedEvent } from '../events/eventRecorder.ts';
import { conditionOf, type GenerationJob, isFinished } from '../resources/generationJob.ts';
import type { GenerationSchedule, GenerationScheduleSpec } from '../resources/generationSchedule.ts';
import { missedDeadline, stillActive, tooManyMissed } from './events.ts';
import { jobNameAt } from './names.ts';

export interface ObservedSchedule {
  readonly schedule: GenerationSchedule;
  readonly spec: GenerationScheduleSpec;
  readonly times: CronTimes;
  /** The GenerationJobs that the schedule owns. */
  readonly jobs: readonly GenerationJob[];
  readonly now: Instant;
}

export interface DueJob {
  readonly at: Instant;
  readonly name: string;
}

export interface Decision {
  /** Replaced and old GenerationJobs. */
  readonly remove: readonly GenerationJob[];
  readonly create: DueJob | undefined;
  readonly events: readonly RecordedEvent[];
  readonly next: Instant | undefined;
}

/** More missed times than this cause an event. */
const manyMissed = 100;

export function decideSchedule(observed: ObservedSchedule): Decision {
  const { spec, times, jobs, now } = observed;
  const old = oldJobs(jobs, spec);
  const next = spec.suspend ? undefined : times.next(now);
  const due = spec.suspend ? undefined : dueTime(observed);
  if (due === undefined) return { remove: old, create: undefined, events: [], next };
  const active = jobs.filter(isActive);
  const events = missedEvents(observed, due.missed);
  const name = jobNameAt(observed.schedule.metadata.name, due.at);
  if (due.late) return { remove: old, create: undefined, events: [...events, missedDeadline(due.at)], next };
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0)
    return { remove: old, create: undefined, events: [...events, stillActive(active[0]!.metadata.name)], next };
  const replaced = spec.concurrencyPolicy === 'Replace' ? active.filter((job) => job.metadata.name !== name) : [];
  return { remove: [...old, ...replaced], create: { at: due.at, name }, events, next };
}

export const isActive = ({ status, metadata }: GenerationJob): boolean =>
  !isFinished(status) && metadata.deletionTimestamp === undefined;

interface Due {
  readonly at: Instant;
  readonly missed: number;
  /** `startingDeadlineSeconds` is over. */
  readonly late: boolean;
}

/** The latest time that has no job yet: after a downtime, only that one is made up for. */
function dueTime({ schedule, spec, times, now }: ObservedSchedule): Due | undefined {
  const { lastScheduleTime } = schedule.status ?? {};
  const since = Date.parse(lastScheduleTime ?? schedule.metadata.creationTimestamp);
  const at = times.latest(now);
  if (at === undefined || at <= since) return undefined;
  const deadline = (spec.startingDeadlineSeconds ?? Infinity) * 1_000;
  const from = Math.max(since, now - deadline);
  return { at, missed: countTimes(times, from, at), late: at < now - deadline };
}

/** The times after `from` up to `to`, at most one more than `manyMissed`. */
function countTimes(times: CronTimes, from: Instant, to: Instant): number {
  let counted = 0;
  for (let at = times.next(from); at !== undefined && at <= to && counted <= manyMissed; at = times.next(at))
    counted += 1;
  return counted;
}

function missedEvents({ schedule }: ObservedSchedule, missed: number): RecordedEvent[] {
  if (missed <= manyMissed) return [];
  const since = schedule.status?.lastScheduleTime ?? schedule.metadata.creationTimestamp;
  return [tooManyMissed(manyMissed, since)];
}

/** Finished jobs beyond the history limits, the oldest first. */
function oldJobs(jobs: readonly GenerationJob[], spec: GenerationScheduleSpec): GenerationJob[] {
  const finished = jobs.filter(
    ({ status, metadata }) => isFinished(status) && metadata.deletionTimestamp === undefined,
  );
  const byAge = finished.toSorted((one, two) => endOf(one) - endOf(two));
  const [succeeded, failed] = [byAge.filter(hasSucceeded), byAge.filter((job) => !hasSucceeded(job))];
  return [
    ...succeeded.slice(0, Math.max(0, succeeded.length - spec.successfulJobsHistoryLimit)),
    ...failed.slice(0, Math.max(0, failed.length - spec.failedJobsHistoryLimit)),
  ];
}

export const hasSucceeded = ({ status }: GenerationJob): boolean => conditionOf(status, 'Complete')?.status === 'True';

const endOf = ({ status, metadata }: GenerationJob): Instant =>
  Date.parse(status?.completionTime ?? metadata.creationTimestamp);

/** ms until the schedule has to be looked at again. */
export function requeueAfter(next: Instant | undefined, now: Instant, longest: number): number {
  return Math.max(1, Math.min(longest, (next ?? Infinity) - now));
}
