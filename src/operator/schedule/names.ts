// Names and labels of the GenerationJobs of a schedule.

import type { Instant } from '../../job/task.ts';

/** The label with the name of the schedule; the job has it too. */
export const scheduleLabel = 'genwarden.dev/schedule';

/** The annotation with the time for which a GenerationJob was created, ISO 8601. */
export const scheduledAtAnnotation = 'genwarden.dev/scheduled-at';

/** Equal for every controller, so that a time cannot get two jobs. As CronJob: the minutes since 1970. */
export const jobNameAt = (schedule: string, at: Instant): string => `${schedule}-${Math.floor(at / 60_000)}`;
