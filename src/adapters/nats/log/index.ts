// The job log on JetStream: one stream, conditional writes, and reads that say "none" only after its leader did.

import type { JobId } from '../../../job/ids.ts';
import type { Sequence } from '../../../job/task.ts';
import type { JobLog } from '../../../ports/jobLog.ts';
import type { NatsLink } from '../link/connection.ts';
import { followStream, type Skipped } from './follow.ts';
import type { FollowContext } from './followSession.ts';
import { askApi } from '../jetstream/api.ts';
import { roomForJobs, streamState } from './health.ts';
import { Requests } from '../jetstream/requests.ts';
import { watermarkStore } from './watermark.ts';
import { lastOfTask, writeTask } from './write.ts';
import { newestRequest, readHistory, readJob } from './read.ts';
import { lastPerSubject } from '../jetstream/directReads.ts';
import { ensureStream, type StreamSettings } from '../stream/ensure.ts';
import { submitJob, type SubmitContext } from './submit.ts';
import { takesKeyAgain, writeNewRun } from './submitNewRun.ts';
import { specsFilter, statusesFilter, streamName } from '../stream/subjects.ts';

export interface JobLogOptions extends StreamSettings {
  /** The server's time, ms; default this machine's. */
  readonly now?: () => number;
  /** How many tasks are open: room is kept for what they may still write. Default: none is known of. */
  readonly openTasks?: () => number;
  /** A follower met a message that it must leave alone: of a newer major schema, or not one of ours. */
  readonly onSkipped?: (why: Skipped) => void;
}

/** Makes or checks the stream first, see `ensureStream` for what that throws. Lives as long as the link. */
export async function natsJobLog(link: NatsLink, options: JobLogOptions): Promise<JobLog> {
  await ensureStream(link, options);
  const { connection, prefix } = link;
  const requests = new Requests(link);
  const now = options.now ?? Date.now;
  const context: SubmitContext & FollowContext = { link, connection, requests, prefix, now };
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
    keepWatermark: (mark) => marks.write(mark),
    health: async () => (await streamState(context)).health,
    purge: (job, pool) => purgeJob(context, job, pool),
  };
}

/** Everything up to the tombstones, which stay: they refuse a retry that was decided on before. */
async function purgeJob(context: SubmitContext, job: JobId, pool: string): Promise<void> {
  const statuses = statusesFilter(context.prefix, job, pool);
  const tombstones = (await lastPerSubject(context, statuses)).filter(({ state }) => state.state === 'deleted');
  if (tombstones.length === 0) return;
  // The tasks were all finished before the first tombstone was written: between the tombstones there is nothing of the job.
  const first = Math.min(...tombstones.map(({ sequence }) => sequence));
  await purge(context, specsFilter(context.prefix, job, pool), first);
  await purge(context, statuses, first);
}

/** Drops what fits and is older than `before`. */
async function purge({ requests, prefix }: SubmitContext, filter: string, before: Sequence): Promise<void> {
  await askApi(requests, `STREAM.PURGE.${streamName(prefix)}`, { filter, seq: before });
}
