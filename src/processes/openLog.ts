// What a process that submits jobs has of the stream: the log, which knows how much is open, and its follower.

import { natsClock, natsJobLog, natsTaskQueue } from '../adapters/nats/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import { startFollower, type Follower } from '../readmodel/follower.ts';
import type { Hull } from './bootstrap.ts';
import { returnMemory } from './returnMemory.ts';
import { saySkipped } from './skipped.ts';

export interface OpenLog {
  readonly clock: Clock;
  readonly log: JobLog;
  readonly follower: Follower;
  readonly queue: TaskQueue;
}

/** Follower and queue close with the hull. `retentionMs`: how long a job is kept from its submit. */
export async function openLog({ link, logger, closing }: Hull, retentionMs: number): Promise<OpenLog> {
  const clock = await natsClock(link);
  const onSkipped = saySkipped(logger);
  const openTasks = (): number => follower.index.size.openTasks;
  const log = await natsJobLog(link, { retentionMs, now: clock.now, onSkipped, openTasks });
  const follower = closing.own('follower', startFollower({ log, clock, logger, onFirstCurrent: returnMemory }), (it) =>
    it.close(),
  );
  const queue = closing.own('queue', natsTaskQueue(link, { onSkipped }), (it) => it.close());
  return { clock, log, follower, queue };
}
