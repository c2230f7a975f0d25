// The chores of the leading controller.

import type { World } from '../job/rules/rule.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { JobLog, Watermark } from '../ports/jobLog.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Lane, Sequence } from '../job/task.ts';
import { takeCensus } from './census.ts';
import type { Chore } from './housekeeping.ts';
import type { JobMetrics } from './jobMetrics.ts';
import type { LostMessages } from './lostMessages.ts';
import type { TaskKey } from '../readmodel/taskKey.ts';
import { sameWatermark, watermarkFrom } from './watermark.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

export interface ChoreOptions {
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly pools: PoolRegistry;
  /** Says how the keys of a pool are; without it no metric does. */
  readonly keys?: Pick<KeyRing, 'state'>;
  readonly clock: Clock;
  readonly follower: Follower;
  readonly workers: WorkerDirectory;
  readonly heartbeatTimeoutMs: number;
  readonly metrics: JobMetrics;
  readonly world: () => World;
  readonly lost: LostMessages;
  readonly lookAt: (key: TaskKey) => void;
}

export function choresOf(options: ChoreOptions): Chore[] {
  const { log, queue, pools, clock, follower, workers, metrics, world, heartbeatTimeoutMs, lost, lookAt } = options;
  return [
    {
      name: 'show counts',
      everyMs: 1_000,
      run: () => metrics.show(follower.index, workers.heardByPool(heartbeatTimeoutMs), clock.offset()),
    },
    {
      name: 'take a census',
      everyMs: 5_000,
      run: () => metrics.showCensus(takeCensus(follower.index.openTasks(), world(), clock.now())),
    },
    { name: 'keep the watermark', everyMs: 5_000, run: watermarkKeeper(log, follower) },
    { name: 'show storage', everyMs: 15_000, run: async () => metrics.showHealth(await log.health()) },
    { name: 'show pauses and keys', everyMs: 5_000, run: () => showPools(options) },
    {
      name: 'look for lost messages',
      everyMs: 30_000,
      run: async () => {
        const floors = new Map<string, Readonly<Record<Lane, Sequence>>>();
        for (const { name } of pools.list()) floors.set(name, await queue.settled(name));
        for (const key of lost.look(follower.index.openTasks(), floors)) lookAt(key);
      },
    },
    {
      // A consumer that somebody deleted comes back.
      name: 'ensure consumers',
      everyMs: 15_000,
      run: async () => {
        for (const { name } of pools.list()) await queue.ensurePool(name);
      },
    },
  ];
}

async function showPools({ pools, queue, keys, metrics }: ChoreOptions): Promise<void> {
  for (const { name } of pools.list()) {
    metrics.showPause(name, (await queue.paused(name)) !== undefined);
    if (keys !== undefined) metrics.showKeys(name, await keys.state(name));
  }
}

function watermarkKeeper(log: JobLog, follower: Follower): () => Promise<void> {
  let kept: Watermark | undefined;
  return async () => {
    const mark = watermarkFrom(follower);
    if (mark === undefined || sameWatermark(mark, kept)) return;
    await log.keepWatermark(mark);
    kept = mark;
  };
}
