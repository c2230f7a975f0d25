// The Kubernetes events about a GenerationSchedule, with CronJob's reasons. Pure.

import type { Instant } from '../../job/task.ts';
import type { RecordedEvent } from '../events/eventRecorder.ts';
import { isoTime } from '../resources/conditions.ts';

export const tooManyMissed = (most: number, since: string): RecordedEvent =>
  event(
    'Warning',
    'TooManyMissedTimes',
    `More than ${most} times were missed since ${since}; only the latest is made up for. Set spec.startingDeadlineSeconds to skip old ones`,
  );

export const missedDeadline = (at: Instant): RecordedEvent =>
  event('Warning', 'MissSchedule', `Missed ${isoTime(at)}: spec.startingDeadlineSeconds is over`);

export const stillActive = (job: string): RecordedEvent =>
  event('Normal', 'JobAlreadyActive', `Not created: ${job} has not finished, and concurrencyPolicy is Forbid`);

export const created = (job: string): RecordedEvent => event('Normal', 'SuccessfulCreate', `Created ${job}`);

export const notCreated = (why: string): RecordedEvent => event('Warning', 'FailedCreate', why);

function event(type: RecordedEvent['type'], reason: string, note: string): RecordedEvent {
  return { type, reason, action: 'Schedule', note };
}
