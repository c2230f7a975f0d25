// The periodic tasks of the leading controller: it maintains consumers, saves the watermark and updates gauges.

import { waitReasons } from '../job/explain/observation.ts';
import { GenwardenError, type ErrorCode } from '../job/errors/index.ts';
import { elapsed, longAgo, type Monotonic } from '../job/time.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { ExplainContext } from '../jobs/explain.ts';
import { keysInUse } from '../jobs/keysInUse.ts';
import type { Swept } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobLog, Watermark } from '../ports/jobLog.ts';
import type { KeyRing, KeyState } from '../ports/keyRing.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { StorageHealth } from '../ports/storageHealth.ts';
import type { AckFloors, Pause, TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { Logger } from '../telemetry/log.ts';
import type { JobMetrics } from './metrics/jobMetrics.ts';
import { countWaiting } from './metrics/waiting.ts';
import { blockedTasks } from './blockedTasks.ts';
import type { MissingMessages } from './missingMessages.ts';
import type { Reconciler } from './reconciler.ts';
import { surveyTasks } from './taskSurvey.ts';
import { sameWatermark, watermarkFrom } from './watermark.ts';
import type { WorldObserver } from './worldObserver.ts';

interface PeriodicTask {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void> | void;
}

const tellsItself: ReadonlySet<ErrorCode> = new Set(['StorageFull', 'ArtifactStoreUnavailable']);

interface Scheduled {
  readonly task: PeriodicTask;
  startedAt: Monotonic;
  running: Promise<void> | undefined;
}

/** Starts each task at its own interval, unless it is still running. */
export class PeriodicTasks {
  readonly #tasks: readonly Scheduled[];
  readonly #logger: Logger;

  constructor(tasks: readonly PeriodicTask[], logger: Logger) {
    this.#tasks = tasks.map((task) => ({ task, startedAt: longAgo, running: undefined }));
    this.#logger = logger;
  }

  startDue(now: Monotonic): void {
    for (const scheduled of this.#tasks) {
      if (scheduled.running !== undefined || elapsed(scheduled.startedAt, now) < scheduled.task.everyMs) continue;
      scheduled.startedAt = now;
      scheduled.running = this.#run(scheduled.task).finally(() => (scheduled.running = undefined));
    }
  }

  /** Makes every task due immediately, for a new leader. */
  resetIntervals(): void {
    for (const scheduled of this.#tasks) scheduled.startedAt = longAgo;
  }

  /** Waits for running tasks to end. */
  async stop(): Promise<void> {
    await Promise.all(this.#tasks.map(async ({ running }) => running));
  }

  /** Never rejects: a failed task runs again at its next interval. */
  async #run({ name, run }: PeriodicTask): Promise<void> {
    try {
      await run();
    } catch (error) {
      // The log tells about storage that takes nothing once.
      const isKnown = error instanceof GenwardenError && tellsItself.has(error.code);
      const message = `The periodic work "${name}" failed and will run again`;
      if (!isKnown) logEvent(this.#logger, 'periodic_work_failed', { err: error, periodic: name }, message);
    }
  }
}

export interface PeriodicTaskOptions {
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly pools: PoolRegistry;
  /** The source of the key metrics; without it, none are exported. */
  readonly keys?: Pick<KeyRing, 'state' | 'block' | 'outages' | 'spending'>;
  readonly storage?: Pick<StorageHealth, 'full'>;
  readonly clock: Clock;
  readonly follower: Follower;
  readonly workers: WorkerDirectory;
  readonly observer: WorldObserver;
  readonly heartbeatTimeoutMs: number;
  readonly metrics: JobMetrics;
  readonly missing: MissingMessages;
  readonly reconciler: Reconciler;
  readonly sweepArtifacts?: () => Promise<Swept>;
}

export function periodicTasks(options: PeriodicTaskOptions): PeriodicTask[] {
  const { log, clock, follower, workers, metrics, observer, heartbeatTimeoutMs, sweepArtifacts } = options;
  const facts = new PoolFacts();
  return [
    {
      name: 'show counts',
      everyMs: 1_000,
      run: () => metrics.showCounts(follower.index, workers.heardByPool(heartbeatTimeoutMs), clock.offset()),
    },
    {
      name: 'survey open tasks',
      everyMs: 5_000,
      run: () => metrics.showSurvey(surveyTasks(follower.index.openTasks(), observer.world(), clock.now())),
    },
    { name: 'check blocked tasks', everyMs: 1_000, run: () => checkBlocked(options) },
    { name: 'save the watermark', everyMs: 5_000, run: watermarkSaver(log, follower) },
    { name: 'show storage', everyMs: 15_000, run: async () => metrics.showStorage(await log.health()) },
    { name: 'show pauses and keys', everyMs: 5_000, run: () => showPools(options, facts) },
    { name: 'show what waits', everyMs: 5_000, run: () => showWaiting(options, facts) },
    { name: 'find missing messages', everyMs: 30_000, run: () => findMissing(options) },
    // Recreates deleted consumers.
    { name: 'ensure consumers', everyMs: 15_000, run: () => ensureConsumers(options) },
    ...(sweepArtifacts === undefined
      ? []
      : [
          {
            name: 'delete expired artifacts',
            everyMs: 2_000,
            run: async () => metrics.showSwept(await sweepArtifacts(), clock.now()),
          },
        ]),
  ];
}

/** What NATS said about the pools a few seconds ago. */
class PoolFacts {
  readonly keys = new Map<string, readonly KeyState[]>();
  readonly pauses = new Map<string, Pause | undefined>();
}

async function showPools(
  { pools, queue, keys, workers, metrics }: PeriodicTaskOptions,
  facts: PoolFacts,
): Promise<void> {
  metrics.ofPools.showProviders();
  for (const { name } of pools.list()) {
    facts.pauses.set(name, await queue.paused(name));
    metrics.ofPools.showPause(name, facts.pauses.get(name) !== undefined);
    if (keys === undefined) continue;
    facts.keys.set(name, keysInUse(workers, name, await keys.state(name)));
    metrics.ofPools.showKeys(name, facts.keys.get(name) ?? []);
  }
}

/** Asks NATS nothing, so that the count is about one moment. */
async function showWaiting({ keys, metrics, ...options }: PeriodicTaskOptions, facts: PoolFacts): Promise<void> {
  const context: ExplainContext = {
    ...options,
    queue: { paused: (pool) => Promise.resolve(facts.pauses.get(pool)) },
    lastClaims: { of: () => null },
    ...(keys && {
      keys: {
        state: (pool) => Promise.resolve(facts.keys.get(pool) ?? []),
        block: (...call) => keys.block(...call),
        outages: (pool) => keys.outages(pool),
      },
    }),
  };
  const names = options.pools.list().map(({ name }) => name);
  metrics.showWaiting(await countWaiting(context, names, waitReasons));
}

/** The other rules wait for a time or an event; a block begins and ends without a message of the task. */
function checkBlocked({ follower, observer, reconciler }: PeriodicTaskOptions): void {
  for (const key of blockedTasks(follower.index.openTasks(), observer.world())) reconciler.check(key);
}

async function findMissing({ pools, queue, follower, missing, reconciler }: PeriodicTaskOptions): Promise<void> {
  const floors: Map<string, AckFloors> = new Map();
  for (const { name } of pools.list()) floors.set(name, await queue.ackFloors(name));
  for (const key of missing.search(follower.index.openTasks(), floors)) reconciler.check(key);
}

async function ensureConsumers({ pools, queue }: PeriodicTaskOptions): Promise<void> {
  for (const { name } of pools.list()) await queue.ensurePool(name);
}

function watermarkSaver(log: JobLog, follower: Follower): () => Promise<void> {
  let saved: Watermark | undefined;
  return async () => {
    const mark = watermarkFrom(follower);
    if (mark === undefined || sameWatermark(mark, saved)) return;
    await log.saveWatermark(mark);
    saved = mark;
  };
}
