// The times of a cron expression in a time zone.

import type { Instant } from '../job/task.ts';

export interface CronTimes {
  /** The first time after `after`; undefined if there is none, as for 30 February. */
  next(after: Instant): Instant | undefined;
  /** The last time at or before `at`; undefined if there is none. */
  latest(at: Instant): Instant | undefined;
}

/**
 * Five fields (minute, hour, day of the month, month, day of the week) or `@daily` and the like. `timeZone` is a name of the IANA
 * database. Returns a sentence if one of them is wrong.
 */
export type ParseCron = (schedule: string, timeZone: string) => CronTimes | string;
