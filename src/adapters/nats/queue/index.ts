// The task queue on JetStream: durable pull consumers of the stream's specs, one per pool, lane and tenant part.

import { tenantParts } from '../../../job/parts.ts';
import type { Delivery, TaskQueue } from '../../../ports/taskQueue.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Skipped } from '../log/follow.ts';
import { watermarkStore } from '../log/watermark.ts';
import { laneToken, specSubject } from '../stream/subjects.ts';
import {
  ackFloors,
  consumersDepth,
  ensureConsumers,
  pauseConsumers,
  pauseOfConsumers,
  resumeConsumers,
} from './consumers.ts';
import { PoolQueue } from './poolQueue.ts';

export interface TaskQueueOptions {
  /** A message was skipped and given back: it has a newer schema, or Genwarden did not write it. */
  readonly onSkipped?: (why: Skipped) => void;
  /** The weight of a tenant in a pool; default 1. */
  readonly weightOf?: (pool: string, tenant: string) => number;
}

export function natsTaskQueue(link: NatsLink, options: TaskQueueOptions = {}): TaskQueue {
  const marks = watermarkStore(link);
  const pools = new Map<string, PoolQueue>();
  const stopListening = link.onStatus((status) => {
    if (status === 'reconnected') for (const pool of pools.values()) pool.renew();
  });
  const queueOf = (pool: string): PoolQueue => {
    const known = pools.get(pool);
    if (known !== undefined) return known;
    const { onSkipped = () => undefined, weightOf = () => 1 } = options;
    const queue = new PoolQueue(link, pool, { onSkipped, weightOf: (tenant) => weightOf(pool, tenant) });
    pools.set(pool, queue);
    return queue;
  };
  return {
    claimable: (pool, atMost, signal, room): Promise<readonly Delivery[]> =>
      queueOf(pool).claimable(atMost, signal, room),
    roomChanged: (pool) => pools.get(pool)?.roomChanged(),
    partsServed: (pool) => queueOf(pool).partsServed,
    ensurePool: (pool) => ensureConsumers(link, pool, () => marks.read()),
    depth: (pool) => consumersDepth(link, pool),
    ackFloors: (pool) => ackFloors(link, pool),
    pause: (pool, until) => pauseConsumers(link, pool, until),
    resume: (pool) => resumeConsumers(link, pool),
    paused: (pool) => pauseOfConsumers(link, pool),
    close: async () => {
      stopListening();
      for (const pool of pools.values()) pool.close();
      // Deliveries that were given back have reached the server once it answers.
      if (link.connected()) await link.connection.flush().catch(() => undefined);
    },
  };
}

/** Whether this process's user may publish specs in tenant parts: a server may have the permissions of an earlier version. */
export const mayUseParts = ({ prefix, permissions }: NatsLink): boolean =>
  tenantParts.every((at) =>
    permissions().mayPublish(specSubject(prefix, { pool: 'any', job: 'any', task: 0 }, laneToken(at))),
  );
