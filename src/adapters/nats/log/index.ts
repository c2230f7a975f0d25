// The job log on JetStream: one stream, conditional writes, and reads that report "not found" only after the leader has.

import type { JobId } from '../../../job/ids.ts';
import type { JobLog } from '../../../ports/jobLog.ts';
import { purgeStream } from '../jetstream/api.ts';
import type { NatsLink } from '../link/connection.ts';
import { specsFilter, statusesFilter, streamName } from '../stream/subjects.ts';
import { ensureTaskStream, type StreamSettings } from '../stream/taskStream.ts';
import { lastOfTask, lastPerSubject, type LogContext } from './entries.ts';
import { followStream, type Skipped } from './follow.ts';
import { takesKeyAgain, writeNewRun } from './newRun.ts';
import { newestRequest, readHistory, readJob } from './read.ts';
import { roomForJobs, streamState } from './streamState.ts';
import { submitJob } from './submit.ts';
import { watermarkStore } from './watermark.ts';
import { writeTask } from './write.ts';

export interface JobLogOptions extends StreamSettings {
  /** The server's time, ms; this machine's by default. */
  readonly now?: () => number;
  /** How many tasks are open, to reserve room for their future messages; 0 by default. */
  readonly openTasks?: () => number;
  /** A follower skipped a message: it has a newer major schema, or Genwarden did not write it. */
  readonly onSkipped?: (why: Skipped) => void;
}

/** Creates or checks the stream first; throws as `ensureTaskStream` does. Lives as long as the link. */
export async function natsJobLog(link: NatsLink, options: JobLogOptions): Promise<JobLog> {
  await ensureTaskStream(link, options);
  const context: LogContext = { link, now: options.now ?? Date.now };
  const marks = watermarkStore(link);
  const room = roomForJobs(context, options.openTasks ?? (() => 0));
  const follow = { readMark: () => marks.read(), onSkipped: options.onSkipped ?? (() => undefined) };
  return {
    submit: async (specs) => {
      await room(specs.length);
      return submitJob(context, specs);
    },
    write: (next, expected) =>
      takesKeyAgain(next) ? writeNewRun(context, next, expected) : writeTask(context, next, expected),
    last: (address) => lastOfTask(context, address),
    request: (address) => newestRequest(context, address),
    read: (job, pool) => readJob(context, job, pool),
    history: (job, pool) => readHistory(context, job, pool),
    follow: (from, signal) => followStream(context, follow, from, signal),
    watermark: () => marks.read(),
    saveWatermark: (mark) => marks.write(mark),
    health: async () => (await streamState(context)).health,
    purge: (job, pool) => purgeJob(context, job, pool),
  };
}

/** Purges everything before the tombstones. These stay: they refuse a retry that was decided on earlier. */
async function purgeJob(context: LogContext, job: JobId, pool: string): Promise<void> {
  const { link } = context;
  const statuses = statusesFilter(link.prefix, job, pool);
  const tombstones = ((await lastPerSubject(context, statuses)) ?? []).filter(({ state }) => state.state === 'deleted');
  if (tombstones.length === 0) return;
  // All tasks had finished before the first tombstone was written: no message of the job lies between the tombstones.
  const before = Math.min(...tombstones.map(({ sequence }) => sequence));
  for (const filter of [specsFilter(link.prefix, job, pool), statuses]) {
    await purgeStream(link, streamName(link.prefix), { filter, seq: before });
  }
}
