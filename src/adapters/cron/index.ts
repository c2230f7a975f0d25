// Cron expressions by croner. A time that the clock skips is taken right after the gap, and one that occurs twice is taken once.

import { Cron } from 'croner';
import type { ParseCron } from '../../ports/cron.ts';

export const parseCron: ParseCron = (schedule, timeZone) => {
  if (!isTimeZone(timeZone)) return `${timeZone} is not the name of a time zone such as Europe/Berlin`;
  try {
    const cron = new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true });
    return {
      next: (after) => cron.nextRun(new Date(after))?.getTime(),
      // The library looks for times before the reference, in whole seconds.
      latest: (at) => cron.previousRuns(1, new Date(Math.floor(at / 1_000) * 1_000 + 1_000))[0]?.getTime(),
    };
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
  }
};

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format();
    return true;
  } catch {
    return false;
  }
}
