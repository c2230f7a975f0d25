// The control loop. It always follows the stream and the heartbeats; while this process leads, it also reconciles every task
// that is due or may have lost its worker.

import { whenAborted } from '../async/abort.ts';
import { elapsed, longAgo, type Instant } from '../job/time.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { Beat, BeatEvent, Heartbeats } from '../ports/heartbeats.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Change } from '../readmodel/jobIndex.ts';
import type { LeaderElector } from '../readmodel/leaderElector.ts';
import { taskKey } from '../readmodel/taskKey.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { Logger } from '../telemetry/log.ts';
import { cancellationsFor } from './cancellations.ts';
import type { Dependents } from './dependents.ts';
import type { DueTimes } from './dueTimes.ts';
import type { JobMetrics } from './metrics/jobMetrics.ts';
import type { OutageCause, OutageDetector } from './outageDetector.ts';
import type { PeriodicTasks } from './periodicTasks.ts';
import type { Reconciler } from './reconciler.ts';
import type { RecoveryTimes } from './recoveryTimes.ts';
import type { WakeUpTimer } from './wakeUpTimer.ts';
import type { WorkerLossDetector } from './workerLossDetector.ts';
import type { WritePermission } from './writePermission.ts';

export interface ControlLoopParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly follower: Follower;
  readonly heartbeats: Heartbeats;
  readonly queue: TaskQueue;
  readonly pools: PoolRegistry;
  readonly elector: LeaderElector;
  readonly permission: WritePermission;
  readonly timer: WakeUpTimer;
  readonly workers: WorkerDirectory;
  readonly outage: OutageDetector;
  readonly dueTimes: DueTimes;
  readonly dependents: Dependents;
  readonly losses: WorkerLossDetector;
  readonly reconciler: Reconciler;
  readonly periodic: PeriodicTasks;
  readonly metrics: JobMetrics;
  readonly recoveries: RecoveryTimes;
}

/** The maximum time between two ticks, ms. */
const tickEvery = 1_000;
const rescanEvery = 30_000;

export class ControlLoop {
  readonly #parts: ControlLoopParts;
  readonly #unsubscribe: readonly (() => void)[];
  #rescannedAt = longAgo;

  constructor(parts: ControlLoopParts) {
    const { follower, outage, dueTimes, dependents, losses, recoveries, metrics } = parts;
    this.#parts = parts;
    this.#unsubscribe = [
      outage.onChange((cause) => this.#outageChanged(cause)),
      follower.onChange((change) => this.#taskChanged(change)),
      follower.onReset(() => dueTimes.clear()),
      follower.onReset(() => dependents.clear()),
      follower.onReset(() => losses.clear()),
      follower.onReset(() => recoveries.clear()),
      follower.onEvent((event) => metrics.counters.follow(event)),
    ];
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#ensureDeclaredPools(signal);
    const campaign = (): Promise<void> => this.#parts.elector.campaign((term) => this.#lead(term), signal);
    await Promise.all([this.#tickUntil(signal), this.#listenUntil(signal), campaign()]);
  }

  unsubscribe(): void {
    for (const stop of this.#unsubscribe) stop();
  }

  async #tickUntil(signal: AbortSignal): Promise<void> {
    const { clock, timer, permission } = this.#parts;
    while (!signal.aborted) {
      this.#tick();
      const now = clock.now();
      await timer.sleep(Math.min(now + tickEvery, permission.granted ? this.#nextCheck(now) : Infinity));
    }
  }

  #tick(): void {
    const { clock, outage, elector, permission, periodic, losses, dueTimes, reconciler, metrics } = this.#parts;
    outage.check();
    elector.check();
    metrics.counters.tick();
    if (elapsed(this.#rescannedAt, clock.monotonic()) >= rescanEvery) this.#rescan();
    if (!permission.granted) return;
    periodic.startDue(clock.monotonic());
    for (const key of losses.takeSuspects()) reconciler.check(key);
    const now = clock.now();
    for (let key = dueTimes.takeDue(now); key !== undefined; key = dueTimes.takeDue(now)) reconciler.check(key);
  }

  #nextCheck(now: Instant): Instant {
    const { dueTimes, losses } = this.#parts;
    return Math.min(dueTimes.next, losses.next(now));
  }

  #rescan(): void {
    const { clock, dueTimes, losses } = this.#parts;
    this.#rescannedAt = clock.monotonic();
    dueTimes.rescan();
    losses.rescan();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const { clock, permission, timer } = this.#parts;
    if (permission.granted) timer.wakeBy(this.#nextCheck(clock.now()));
  }

  #taskChanged(change: Change): void {
    const { dueTimes, dependents, losses, reconciler, recoveries, elector, metrics } = this.#parts;
    const { state } = change.after;
    const key = taskKey(state.of.job, state.of.task);
    dueTimes.update(change.after);
    losses.update(change.before, change.after);
    reconciler.taskChanged(key);
    for (const waiting of dependents.update(change)) reconciler.parentEnded(waiting);
    metrics.counters.change(change, recoveries.change(change));
    if (elector.leading) this.#wakeUp();
  }

  async #listenUntil(signal: AbortSignal): Promise<void> {
    const { heartbeats, logger } = this.#parts;
    try {
      for await (const event of heartbeats.watch(signal)) this.#observe(event);
    } catch (error) {
      if (signal.aborted) return;
      logEvent(logger, 'heartbeats_unavailable', { err: error }, 'The controller can no longer receive heartbeats');
    }
  }

  #observe(event: BeatEvent): void {
    const { workers, outage, losses, permission } = this.#parts;
    workers.observe(event);
    switch (event.event) {
      case 'beat':
        if (permission.granted) this.#answer(event.beat);
        return;
      case 'connectionLost':
        losses.connectionLost(event.worker);
        return this.#wakeUp();
      case 'observerDisconnected':
        return outage.observerDisconnected();
      case 'observerReconnected':
        return outage.observerReconnected();
      default:
        event satisfies never;
    }
  }

  /**
   * Cancels the worker's attempts of tasks that it no longer owns, and checks the tasks that its heartbeats should list
   * but do not.
   */
  #answer(beat: Beat): void {
    const { heartbeats, follower, losses, reconciler } = this.#parts;
    for (const cancellation of cancellationsFor(beat, follower.index))
      heartbeats.sendCancellation(beat.worker, cancellation);
    for (const key of losses.tasksNotListed(beat.worker)) reconciler.check(key);
  }

  #outageChanged(cause: OutageCause | undefined): void {
    const { logger } = this.#parts;
    if (cause !== undefined) {
      const message = 'Outage detected; silent workers are not considered lost until it ends';
      logEvent(logger, 'outage_detected', { cause }, message);
      return;
    }
    logEvent(logger, 'outage_ended', {}, 'The outage has ended');
    // Runs the checks that the outage postponed.
    this.#rescan();
  }

  async #lead(term: AbortSignal): Promise<void> {
    const { metrics, periodic, timer } = this.#parts;
    metrics.beginTerm(term);
    periodic.resetIntervals();
    this.#rescan();
    timer.wakeBy(-Infinity);
    await whenAborted(term);
    metrics.endTerm();
  }

  #ensureDeclaredPools(signal: AbortSignal): void {
    const { pools, queue, logger, permission } = this.#parts;
    const ensure = async (name: string): Promise<void> => {
      if (permission.granted) await queue.ensurePool(name);
    };
    pools.onChange(({ name }) => {
      ensure(name).catch((error: unknown) =>
        logEvent(
          logger,
          'pool_setup_failed',
          { err: error, pool: name },
          `Cannot create the consumers of pool ${name} yet; will retry`,
        ),
      );
    }, signal);
  }
}
