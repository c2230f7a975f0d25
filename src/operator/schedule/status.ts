// Computes the status of a GenerationSchedule. Pure.

import type { Instant } from '../../job/task.ts';
import { isoTime, type NewCondition, setConditions } from '../resources/conditions.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import {
  type GenerationSchedule,
  type GenerationScheduleStatus,
  mostActive,
  type ScheduleCondition,
} from '../resources/generationSchedule.ts';
import { hasSucceeded, isActive } from './decide.ts';

type Condition = NewCondition<ScheduleCondition>;

export type Outcome =
  | { readonly outcome: 'scheduled'; readonly next: Instant | undefined; readonly created?: Instant | undefined }
  | { readonly outcome: 'suspended' }
  /** The spec can never create a job. */
  | { readonly outcome: 'invalid'; readonly message: string }
  /** The API server refused the job, or its name is taken. */
  | { readonly outcome: 'refused'; readonly message: string; readonly next: Instant | undefined };

/** `jobs` are those of the schedule, with a new one and without deleted ones. */
export function scheduleStatus(
  { metadata: { generation = 1 }, status: before = {} }: GenerationSchedule,
  jobs: readonly GenerationJob[],
  outcome: Outcome,
  now: Instant,
): GenerationScheduleStatus {
  const active = jobs.filter(isActive).toSorted((one, two) => (one.metadata.name < two.metadata.name ? -1 : 1));
  const lastScheduleTime = createdAt(outcome) ?? before.lastScheduleTime;
  const lastSuccessfulTime = latest([before.lastSuccessfulTime, ...jobs.filter(hasSucceeded).map(endOf)]);
  const next = 'next' in outcome && outcome.next !== undefined ? isoTime(outcome.next) : undefined;
  return {
    observedGeneration: generation,
    active: active.slice(0, mostActive).map(referenceTo),
    activeCount: active.length,
    ...(lastScheduleTime !== undefined && { lastScheduleTime }),
    ...(lastSuccessfulTime !== undefined && { lastSuccessfulTime }),
    ...(next !== undefined && { nextScheduleTime: next }),
    conditions: setConditions(before.conditions ?? [], conditionsOf(outcome), generation, isoTime(now)),
  };
}

const createdAt = (outcome: Outcome): string | undefined =>
  outcome.outcome === 'scheduled' && outcome.created !== undefined ? isoTime(outcome.created) : undefined;

const endOf = ({ status }: GenerationJob): string | undefined => status?.completionTime;

const latest = (times: readonly (string | undefined)[]): string | undefined =>
  times.filter((time) => time !== undefined).reduce<string | undefined>((last, time) => later(last, time), undefined);

const later = (one: string | undefined, two: string): string =>
  one !== undefined && Date.parse(one) >= Date.parse(two) ? one : two;

function referenceTo({ apiVersion, kind, metadata: { namespace, name, uid } }: GenerationJob) {
  return { apiVersion, kind, namespace, name, uid };
}

function conditionsOf(outcome: Outcome): Condition[] {
  const { ready, ...why } = whyReady(outcome);
  return [
    { type: 'Ready', status: ready ? 'True' : 'False', ...why },
    { type: 'Stalled', status: ready ? 'False' : 'True', ...why },
  ];
}

function whyReady(outcome: Outcome): Pick<Condition, 'reason' | 'message'> & { readonly ready: boolean } {
  switch (outcome.outcome) {
    case 'scheduled': {
      if (outcome.next === undefined)
        return { ready: false, reason: 'NoNextTime', message: 'The schedule has no next time' };
      const message = 'GenerationJobs are created at the times of the schedule';
      return { ready: true, reason: 'Scheduled', message };
    }
    case 'suspended': {
      const message = 'spec.suspend is true: no GenerationJobs are created';
      return { ready: true, reason: 'Suspended', message };
    }
    case 'invalid':
      return { ready: false, reason: 'InvalidSchedule', message: outcome.message };
    case 'refused':
      return { ready: false, reason: 'JobRefused', message: outcome.message };
    default:
      return outcome satisfies never;
  }
}
