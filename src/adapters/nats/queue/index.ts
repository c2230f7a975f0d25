// The task queue on JetStream: durable pull consumers over the stream's specs, one a pool and lane.

import type { Delivery, TaskQueue } from '../../../ports/taskQueue.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Skipped } from '../log/follow.ts';
import { Requests } from '../jetstream/requests.ts';
import { watermarkStore } from '../log/watermark.ts';
import { streamName } from '../stream/subjects.ts';
import { ackFloors, consumersDepth, ensureConsumers } from './consumers.ts';
import { pauseConsumers, pauseOfConsumers, resumeConsumers } from './pause.ts';
import { PoolQueue } from './poolQueue.ts';

export interface TaskQueueOptions {
  /** A message must be left alone, of a newer schema or not one of ours, and was given back. */
  readonly onSkipped?: (why: Skipped) => void;
}

export function natsTaskQueue(link: NatsLink, options: TaskQueueOptions = {}): TaskQueue {
  const { connection, prefix } = link;
  const context = { requests: new Requests(link), prefix, now: Date.now };
  const marks = watermarkStore(link);
  const pools = new Map<string, PoolQueue>();
  const stopListening = link.onStatus((status) => {
    if (status === 'reconnected') for (const pool of pools.values()) pool.renew();
  });
  const queueOf = (pool: string): PoolQueue => {
    const known = pools.get(pool);
    if (known !== undefined) return known;
    const onSkipped = options.onSkipped ?? (() => undefined);
    const made = new PoolQueue({ link, stream: streamName(prefix), pool, onSkipped });
    pools.set(pool, made);
    return made;
  };
  return {
    claimable: (pool, atMost, signal): Promise<readonly Delivery[]> => queueOf(pool).claimable(atMost, signal),
    ensurePool: (pool) => ensureConsumers(context, pool, () => marks.read()),
    depth: (pool) => consumersDepth(context, pool),
    settled: (pool) => ackFloors(context, pool),
    pause: (pool, until) => pauseConsumers(context, pool, until),
    resume: (pool) => resumeConsumers(context, pool),
    paused: (pool) => pauseOfConsumers(context, pool),
    close: async () => {
      stopListening();
      for (const pool of pools.values()) pool.close();
      // What was given back is on its way once the server has answered.
      if (link.connected()) await connection.flush().catch(() => undefined);
    },
  };
}
