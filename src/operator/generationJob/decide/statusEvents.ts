// The Kubernetes events for a change of status: few, and at most one for each milestone. Pure.

import type { RecordedEvent } from '../../events/eventRecorder.ts';
import { conditionOf, type GenerationJobStatus, isFinished } from '../../resources/generationJob.ts';

type Status = GenerationJobStatus;

export function statusEvents(before: Status = {}, after: Status): readonly RecordedEvent[] {
  return [
    ...suspendEvents(before, after),
    ...acceptanceEvents(before, after),
    ...startEvents(before, after),
    ...reviewEvents(before, after),
    ...endEvents(before, after),
  ];
}

function suspendEvents(before: Status, after: Status): RecordedEvent[] {
  const was = conditionOf(before, 'Suspended')?.status ?? 'False';
  const is = conditionOf(after, 'Suspended');
  const isSame = is?.status === was && (was === 'False' || is.reason === conditionOf(before, 'Suspended')?.reason);
  if (is === undefined || isSame) return [];
  if (is.status !== 'True') return [normal('Resumed', 'Resume', is.message)];
  const event = orderly.has(is.reason) ? normal : warning;
  return [event('Suspended', 'Suspend', `${is.reason === 'JobSuspended' ? '' : `${is.reason}: `}${is.message}`)];
}

/** What holds a job back in the course of things; for anything else a person has to do something. */
const orderly: ReadonlySet<string> = new Set(['JobSuspended', 'QueuedByKueue', 'EvictedByKueue']);

function reviewEvents(before: Status, after: Status): RecordedEvent[] {
  const is = conditionOf(after, 'NeedsReview');
  if (is?.status !== 'True' || conditionOf(before, 'NeedsReview')?.status === 'True') return [];
  return [normal('NeedsReview', 'Review', is.message)];
}

function acceptanceEvents(before: Status, after: Status): RecordedEvent[] {
  const was = conditionOf(before, 'Accepted');
  const is = conditionOf(after, 'Accepted');
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return [];
  switch (is.status) {
    case 'True':
      return [normal('Submitted', 'Submit', is.message)];
    case 'False':
      return [warning('Refused', 'Submit', `${is.reason}: ${is.message}`)];
    case 'Unknown':
      return [warning('NotSubmitted', 'Submit', `${is.reason}: ${is.message}`)];
    default:
      return is.status satisfies never;
  }
}

function startEvents(before: Status, after: Status): RecordedEvent[] {
  if (isFinished(before) && !isFinished(after)) return [normal('Retried', 'Run', after.message ?? '')];
  if (before.startTime !== undefined || after.startTime === undefined) return [];
  return [normal('Running', 'Run', 'The first task started')];
}

function endEvents(before: Status, after: Status): RecordedEvent[] {
  const is = conditionOf(after, 'Finished');
  if (is?.status !== 'True' || (isFinished(before) && before.reason === after.reason)) return [];
  // An immediately final refusal already has its Refused event; a refusal that became final after retries gets a Failed event.
  if (after.jobId === undefined && acceptanceEvents(before, after).length > 0) return [];
  const { reason, message } = is;
  if (reason === 'Cancelled') return [normal('Cancelled', 'Run', message)];
  if (reason === 'JobDeleted') return [warning('JobDeleted', 'Run', message)];
  if (conditionOf(after, 'Complete')?.status === 'True') return [normal('Succeeded', 'Run', message)];
  return [warning('Failed', 'Run', `${reason}: ${message}`)];
}

const normal = (reason: string, action: string, note: string): RecordedEvent => ({
  type: 'Normal',
  reason,
  action,
  note,
});

const warning = (reason: string, action: string, note: string): RecordedEvent => ({
  ...normal(reason, action, note),
  type: 'Warning',
});
