// The controller: observes the stream and the heartbeats (dueTimes, workerLossDetector, outageDetector) and, while it leads,
// decides (job/rules) and applies the decisions (reconciler).

import type { World } from '../job/rules/rule.ts';
import type { Swept } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { Leadership } from '../ports/leadership.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { ScrapeMarks } from '../ports/scrapeMarks.ts';
import type { StorageHealth } from '../ports/storageHealth.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import { fullStorage } from '../jobs/storage.ts';
import { LeaderElector } from '../readmodel/leaderElector.ts';
import { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { Logger } from '../telemetry/log.ts';
import { noTracer, type Tracer } from '../telemetry/tracing/tracer.ts';
import type { ControllerMetrics } from '../telemetry/metrics.ts';
import { ControlLoop, type ControlLoopParts } from './controlLoop.ts';
import { Dependents } from './dependents.ts';
import { DueTimes } from './dueTimes.ts';
import { JobMetrics } from './metrics/jobMetrics.ts';
import { MissingMessages } from './missingMessages.ts';
import { OutageDetector } from './outageDetector.ts';
import { OutcomeReporter } from './outcomeReporter.ts';
import { PeriodicTasks, periodicTasks } from './periodicTasks.ts';
import { Reconciler } from './reconciler.ts';
import { RecoveryTimes } from './recoveryTimes.ts';
import { WakeUpTimer } from './wakeUpTimer.ts';
import { WorkerLossDetector } from './workerLossDetector.ts';
import { WorldObserver } from './worldObserver.ts';
import { WritePermission } from './writePermission.ts';

export interface ControllerOptions {
  /** Unique to this process; identifies the leader in KV and metrics. */
  readonly name: string;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly heartbeats: Heartbeats;
  readonly leadership: Leadership;
  readonly pools: PoolRegistry;
  /** Why pools admit no calls, and the source of the key metrics. */
  readonly keys?: Pick<KeyRing, 'state' | 'block' | 'outages' | 'spending'>;
  /** What the writes of this process show about the storage; if absent, only the workers tell. */
  readonly storage?: Pick<StorageHealth, 'full'>;
  /** Deletes some of the artifacts that have expired; absent if the store does it by itself. */
  readonly sweepArtifacts?: () => Promise<Swept>;
  readonly clock: Clock;
  /** The caller owns and closes it. */
  readonly follower: Follower;
  readonly metrics: ControllerMetrics;
  /** Where the previous leader's counters ended, for Prometheus; if absent, a new leader counts from the start of its term. */
  readonly marks?: ScrapeMarks;
  readonly logger: Logger;
  /** Default: traces are off. */
  readonly tracer?: Tracer;
  /** ms of silence after which a worker counts as lost. */
  readonly heartbeatTimeoutMs: number;
  /** Random numbers in [0, 1), for the jitter of backoffs. */
  readonly random?: () => number;
}

export interface Controller {
  leading(): boolean;
  ready(): { readonly ready: boolean; readonly reason: string };
  /** Call it at each scrape by Prometheus, before the values are read; the returned function when it has the answer. */
  scraped(): () => void;
  /** Stops, resigns, and waits for writes in progress. */
  close(): Promise<void>;
}

export function startController(options: ControllerOptions): Controller {
  const stop = new AbortController();
  const parts = partsOf(options, stop.signal);
  const loop = new ControlLoop(parts);
  const running = loop.run(stop.signal);
  return {
    leading: () => parts.elector.leading,
    ready: () => options.follower.ready(),
    scraped: () => parts.metrics.scraped(parts.elector.leading),
    close: async () => {
      loop.unsubscribe();
      stop.abort();
      parts.timer.close();
      await parts.reconciler.stop();
      await parts.periodic.stop();
      await running;
    },
  };
}

/** Builds the parts in dependency order. */
function partsOf(options: ControllerOptions, closing: AbortSignal): ControlLoopParts {
  const { clock, follower, heartbeatTimeoutMs, logger, log, random = Math.random } = options;
  const { index } = follower;
  const timer = new WakeUpTimer(clock);
  const workers = new WorkerDirectory(clock);
  const outage = new OutageDetector(clock, heartbeatTimeoutMs, () => follower.ready().ready);
  const dueTimes = new DueTimes(index, timer);
  const dependents = new Dependents(index.openTasks());
  const losses = new WorkerLossDetector({ clock, index, workers, outage, heartbeatTimeoutMs });
  const observer = new WorldObserver(workers, outage, heartbeatTimeoutMs, {
    block: blocksOf(options),
    storage: () => fullStorage({ ...options, workers }),
  });
  const elector = new LeaderElector({ ...options, role: 'controller' });
  const permission = new WritePermission(elector, outage, closing);
  const metrics = new JobMetrics(options);
  const recoveries = new RecoveryTimes(clock, workers, heartbeatTimeoutMs);
  const missing = new MissingMessages();
  const reporter = new OutcomeReporter({ clock, logger, metrics, workers, outage });
  const reconciler = new Reconciler({
    log,
    tracer: options.tracer ?? noTracer,
    follower,
    clock,
    random,
    observer,
    missing,
    permission,
    dueTimes,
    reporter,
    workers,
    pools: options.pools,
  });
  const tasks = periodicTasks({ ...options, workers, observer, metrics, missing, reconciler });
  const periodic = new PeriodicTasks(tasks, logger);
  const observing = { timer, workers, outage, dueTimes, dependents, losses };
  return { ...options, ...observing, elector, permission, reconciler, periodic, metrics, recoveries };
}

function blocksOf({ keys }: ControllerOptions): World['block'] {
  return keys === undefined ? () => undefined : (...call) => keys.block(...call);
}
