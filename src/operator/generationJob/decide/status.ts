// Computes the new status of a GenerationJob from its current one and the observation. Pure and idempotent.

import type { Instant } from '../../../job/task.ts';
import { isoTime, type NewCondition } from '../../resources/conditions.ts';
import {
  conditionOf,
  type GenerationJob,
  type GenerationJobCondition,
  type GenerationJobStatus,
  isFinished,
  mostArtifacts,
} from '../../resources/generationJob.ts';
import { jobKstatus, setWithKstatus } from '../../resources/kstatus.ts';
import type { EarlierRun } from '../earlierRun.ts';
import type { JobSummary } from '../jobSummary.ts';
import type { Observation, ObservedJob, Refused } from '../observe.ts';
import { type Hold, isStopped, suspendedBySpec } from '../suspend.ts';

type Condition = NewCondition<GenerationJobCondition>;
type Why = Pick<Condition, 'reason' | 'message'>;

/** `now` in ms of the server's clock. */
export function nextStatus(resource: GenerationJob, observed: Observation, now: Instant): GenerationJobStatus {
  const before = resource.status ?? {};
  switch (observed.kind) {
    case 'job':
      if (observed.hold !== undefined && isStopped(observed.summary))
        return suspendedStatus(resource, before, now, observed.hold, observed.summary);
      return jobStatus(resource, before, observed, now);
    case 'suspended':
      return suspendedStatus(resource, before, now, observed.hold);
    case 'refused':
      return refusedStatus(resource, before, observed, now);
    case 'unanswered':
      return pendingStatus(resource, before, { reason: observed.code, message: observed.message }, 'Unknown', now);
    case 'jobMissing':
      return missingStatus(resource, before, observed, now);
    case 'alreadyRun':
      return earlierStatus(resource, before, observed.earlier, now);
    case 'unchanged':
      return before;
    default:
      return observed satisfies never;
  }
}

function jobStatus(
  resource: GenerationJob,
  before: GenerationJobStatus,
  { summary, results, admitted }: ObservedJob,
  now: Instant,
) {
  const { job, state, startedAt, finishedAt } = summary;
  const why = finishedAt === null && wasRetried(before) ? retried : shortened(summary);
  const startTime = before.startTime ?? (startedAt === null ? undefined : isoTime(startedAt));
  const outcome: Outcome = finishedAt === null ? 'open' : state === 'succeeded' ? 'complete' : 'failed';
  const status: GenerationJobStatus = {
    jobId: job,
    state,
    ...why,
    ...(startTime === undefined ? {} : { startTime }),
    ...(finishedAt === null ? {} : { completionTime: isoTime(finishedAt), ...artifactsOf(summary) }),
    tasks: countsOf(summary),
  };
  return withNewConditions(
    resource,
    status,
    [
      accepted(job),
      ...endConditions(outcome, why),
      ...reviewCondition(before, summary.review),
      ...(results === undefined ? [] : [{ ...results, ...shortened(results) }]),
      ...(admitted === undefined ? [] : [{ type: 'Suspended' as const, status: 'False' as const, ...admitted }]),
    ],
    now,
  );
}

const countsOf = ({ total, counts }: JobSummary) => ({ total, ...counts, done: `${counts.succeeded}/${total}` });

/** Those that are made from the result are left out: the status is small. */
const derived = new Set(['thumbnail', 'metadata']);

function artifactsOf({ tasks }: JobSummary): Pick<GenerationJobStatus, 'artifacts'> {
  const all = tasks.flatMap(({ state: { of }, artifacts = [] }) =>
    artifacts
      .filter(({ name }) => !derived.has(name))
      .map(({ name, mediaType, digest }) => ({ task: of.name ?? String(of.task), name, mediaType, digest })),
  );
  return all.length === 0 ? {} : { artifacts: all.slice(0, mostArtifacts) };
}

/** As a suspended Job: not finished, and without a startTime. `summary` is that of a job that was submitted before. */
function suspendedStatus(
  resource: GenerationJob,
  before: GenerationJobStatus,
  now: Instant,
  hold: Hold,
  summary?: JobSummary,
): GenerationJobStatus {
  const why = shortened(hold);
  const status: GenerationJobStatus = {
    ...(summary === undefined ? {} : { jobId: summary.job, tasks: countsOf(summary) }),
    state: 'suspended',
    ...why,
  };
  const changes: Condition[] = [
    ...(summary === undefined ? [] : [accepted(summary.job)]),
    { type: 'Suspended', status: 'True', ...why },
    ...endConditions('open', why),
    ...reviewCondition(before),
  ];
  return withNewConditions(resource, status, changes, now);
}

/** Absent until the job is suspended for the first time. */
function resumed(before: GenerationJobStatus, changes: readonly Condition[]): Condition[] {
  const was = conditionOf(before, 'Suspended');
  if (was === undefined || changes.some(({ type }) => type === 'Suspended')) return [];
  const { reason, message } = was.status === 'False' ? was : released(was.reason);
  return [{ type: 'Suspended', status: 'False', reason, message }];
}

const released = (reason: string): Why => ({
  reason: 'JobResumed',
  message: reason === suspendedBySpec.reason ? 'spec.suspend is false' : 'Kueue does not hold it any more',
});

/** Absent until a result waits for a review for the first time. */
function reviewCondition(before: GenerationJobStatus, review?: Why): Condition[] {
  if (review !== undefined) return [{ type: 'NeedsReview', status: 'True', ...shortened(review) }];
  if (conditionOf(before, 'NeedsReview') === undefined) return [];
  return [{ type: 'NeedsReview', status: 'False', reason: 'Reviewed', message: 'No result waits for a review' }];
}

const retried: Why = { reason: 'Retried', message: 'Retried through the API; the job is open again' };

/** A finished job that is open again was retried; its reason stays Retried until it finishes. */
const wasRetried = (before: GenerationJobStatus): boolean => isFinished(before) || before.reason === retried.reason;

/** The status of the earlier resource, with its times. */
function earlierStatus(
  resource: GenerationJob,
  before: GenerationJobStatus,
  { job, status }: EarlierRun,
  now: Instant,
) {
  const { generation = 1, name } = resource.metadata;
  const { installation } = before;
  const { conditions: earlier = [] } = status;
  const message = `Job ${job} has run for an equal GenerationJob that its TTL deleted. To run it again, delete ${name} and apply it again`;
  const accepted: Condition = { type: 'Accepted', status: 'True', ...shortened({ reason: 'AlreadyRun', message }) };
  return {
    ...status,
    ...(installation === undefined ? {} : { installation }),
    observedGeneration: generation,
    conditions: setWithKstatus(earlier, [accepted, ...short(jobKstatus(earlier))], generation, isoTime(now)),
  };
}

function refusedStatus(resource: GenerationJob, before: GenerationJobStatus, refused: Refused, now: Instant) {
  const { code, message, hint, retriedUntil } = refused;
  if (retriedUntil !== null) {
    const again = `Retrying until ${isoTime(retriedUntil)}.`;
    return pendingStatus(resource, before, { reason: code, message: `${message}. ${again} ${hint}` }, 'False', now);
  }
  const why = shortened({ reason: code, message: `${message}. ${hint}` });
  const status = { ...why, state: 'failed' as const, completionTime: before.completionTime ?? isoTime(now) };
  return withNewConditions(
    resource,
    status,
    [{ type: 'Accepted', status: 'False', ...why }, ...endConditions('failed', why), ...reviewCondition(before)],
    now,
  );
}

function pendingStatus(
  resource: GenerationJob,
  before: GenerationJobStatus,
  whyLong: Why,
  acceptance: 'False' | 'Unknown',
  now: Instant,
): GenerationJobStatus {
  // An accepted job stays accepted, even if a request gets no answer now.
  if (before.jobId !== undefined) return before;
  const why = shortened(whyLong);
  const changes: Condition[] = [{ type: 'Accepted', status: acceptance, ...why }, ...endConditions('open', why)];
  return withNewConditions(resource, why, changes, now);
}

/** A terminal status keeps its outcome; only the reason and message explain that the job no longer exists. */
function missingStatus(
  resource: GenerationJob,
  before: GenerationJobStatus,
  missing: Why,
  now: Instant,
): GenerationJobStatus {
  const { reason, message } = shortened(missing);
  const why = { reason, message };
  const ended = isFinished(before);
  const status: GenerationJobStatus = {
    ...before,
    ...why,
    state: ended ? (before.state ?? 'failed') : 'failed',
    completionTime: before.completionTime ?? isoTime(now),
  };
  const kept = (type: GenerationJobCondition): Condition => {
    const previous = conditionOf(before, type);
    return {
      type,
      status: previous?.status ?? 'False',
      reason: previous?.reason ?? reason,
      message: previous?.message ?? message,
    };
  };
  const changes: Condition[] = ended
    ? [kept('Accepted'), kept('Complete'), kept('Failed'), { type: 'Finished', status: 'True', ...why }]
    : [accepted(before.jobId), ...endConditions('failed', why)];
  return withNewConditions(resource, status, [...changes, ...reviewCondition(before)], now);
}

type Outcome = 'open' | 'complete' | 'failed';

function endConditions(outcome: Outcome, why: Why): Condition[] {
  const holds = (yes: boolean): Pick<Condition, 'status'> => ({ status: yes ? 'True' : 'False' });
  return [
    { type: 'Complete', ...holds(outcome === 'complete'), ...(outcome === 'complete' ? why : not(outcome)) },
    { type: 'Failed', ...holds(outcome === 'failed'), ...(outcome === 'failed' ? why : not(outcome)) },
    { type: 'Finished', ...holds(outcome !== 'open'), ...why },
  ];
}

const not = (outcome: Outcome): Why =>
  outcome === 'open'
    ? { reason: 'NotFinished', message: 'The job has not finished' }
    : { reason: 'EndedOtherwise', message: 'See the condition Finished' };

const accepted = (job: string | undefined): Condition => ({
  type: 'Accepted',
  status: 'True',
  reason: 'Submitted',
  message: job === undefined ? 'Submitted' : `Submitted as job ${job}`,
});

const shortened = ({ reason, message }: Why): Why => ({ reason, message: truncate(message) });

function withNewConditions(
  { metadata: { generation = 1 }, status: { conditions: before = [], installation } = {} }: GenerationJob,
  status: GenerationJobStatus,
  changes: readonly Condition[],
  now: Instant,
): GenerationJobStatus {
  const all = [...changes, ...resumed({ conditions: before }, changes)];
  return withinBytes({
    ...(installation !== undefined && { installation }),
    ...status,
    observedGeneration: generation,
    conditions: setWithKstatus(before, [...all, ...short(jobKstatus(all))], generation, isoTime(now)),
  });
}

const mostStatusBytes = 4_096;

/** A status that is too large names fewer artifacts. */
function withinBytes(status: GenerationJobStatus): GenerationJobStatus {
  const { artifacts = [], ...rest } = status;
  for (let count = artifacts.length; count > 0; count -= 1) {
    const fewer = { ...status, artifacts: artifacts.slice(0, count) };
    if (bytesOf(fewer) <= mostStatusBytes) return fewer;
  }
  return rest;
}

/** Bytes of one message as JSON. Six messages, the short ones and all other fields stay under 4 KiB. */
const mostBytes = 512;
/** They repeat the message of Finished. */
const mostRepeated = 96;

const short = (conditions: readonly NewCondition[]): NewCondition[] =>
  conditions.map((each) => ({ ...each, message: truncate(each.message, mostRepeated) }));

/** Cuts the end off a text that is too long. */
function truncate(text: string, most = mostBytes): string {
  if (bytesOf(text) <= most) return text;
  const characters = Array.from(text.slice(0, most));
  while (bytesOf(`${characters.join('')}…`) > most) characters.pop();
  return `${characters.join('')}…`;
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
