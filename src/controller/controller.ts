// The controller: it follows stream and heartbeats all the time, and while it leads it moves what is overdue, lost or due
// for retry. Observe (watch, workerDirectory, outage), decide (job/rules), apply (reconciler).

import { elapsed, latest, longAgo } from '../job/time.ts';
import { whenAborted } from '../async/abort.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { World } from '../job/rules/rule.ts';
import type { Clock } from '../ports/clock.ts';
import type { BeatEvent, Heartbeats } from '../ports/heartbeats.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { Leadership } from '../ports/leadership.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import { LeaderElector } from '../readmodel/leaderElector.ts';
import type { Change } from '../readmodel/jobIndex.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ControllerMetrics } from '../telemetry/metrics.ts';
import { Alarm } from './alarm.ts';
import { choresOf } from './chores.ts';
import { Housekeeping } from './housekeeping.ts';
import { JobMetrics } from './jobMetrics.ts';
import { LostMessages } from './lostMessages.ts';
import type { Message } from './message.ts';
import { OutageWatch, type OutageCause } from './outage.ts';
import { recallsFor } from './recalls.ts';
import { Reconciler, type Observed, type Outcome } from './reconciler.ts';
import { Recoveries } from './recovery.ts';
import { reportOutcome } from './report.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';
import { Watch } from './watch.ts';
import { WorkerDirectory } from '../readmodel/workerDirectory.ts';

export interface ControllerOptions {
  /** Unique to this process: who leads, in KV and metrics. */
  readonly name: string;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly heartbeats: Heartbeats;
  readonly leadership: Leadership;
  readonly pools: PoolRegistry;
  /** Says how the keys of a pool are, for metrics. */
  readonly keys?: Pick<KeyRing, 'state'>;
  readonly clock: Clock;
  /** Owned by the caller. */
  readonly follower: Follower;
  readonly metrics: ControllerMetrics;
  readonly logger: Logger;
  /** ms of silence after which a worker counts as lost. */
  readonly heartbeatTimeoutMs: number;
  /** In [0, 1): the jitter of backoffs. */
  readonly random?: () => number;
}

export interface Controller {
  leading(): boolean;
  ready(): { readonly ready: boolean; readonly reason: string };
  /** Stops looking, gives up leading, and waits for writes under way. */
  close(): Promise<void>;
}

/** ms between two looks at the clock, whatever else there is to do. */
const tickEvery = 1_000;
const fullLookEvery = 30_000;
/** ms after which a silent worker that runs nothing is forgotten. */
const forgetAfter = 60_000;

export function startController(options: ControllerOptions): Controller {
  return new StreamController(options);
}

class StreamController implements Controller {
  readonly #options: ControllerOptions;
  readonly #stop = new AbortController();
  readonly #alarm: Alarm;
  readonly #workers: WorkerDirectory;
  readonly #outage: OutageWatch;
  readonly #watch: Watch;
  readonly #elector: LeaderElector;
  readonly #reconciler: Reconciler;
  readonly #metrics: JobMetrics;
  readonly #recoveries = new Recoveries();
  readonly #housekeeping: Housekeeping;
  readonly #unlisten: readonly (() => void)[];
  readonly #living: Promise<unknown>;
  #lookedAtAll = longAgo;

  constructor(options: ControllerOptions) {
    const { clock, follower, heartbeatTimeoutMs, logger, log, random = Math.random } = options;
    const monotonic = () => clock.monotonic();
    this.#options = options;
    this.#alarm = new Alarm(clock);
    this.#workers = new WorkerDirectory(clock);
    const onChange = (cause: OutageCause | undefined) => this.#outageChanged(cause);
    this.#outage = new OutageWatch({ clock, heartbeatTimeout: heartbeatTimeoutMs, onChange });
    const workers = this.#workers;
    this.#watch = new Watch({ index: follower.index, workers, heartbeatTimeout: heartbeatTimeoutMs, monotonic });
    this.#elector = new LeaderElector({ ...options, role: 'controller', lead: (term) => this.#lead(term) });
    this.#metrics = new JobMetrics(options.metrics, options.name);
    const world = () => this.#world();
    const lost = new LostMessages();
    this.#reconciler = new Reconciler({
      log,
      follower,
      clock,
      random,
      world,
      messageMissing: ({ task, sequence }) => lost.has(task.of.job, task.of.task, sequence),
      mayWrite: () => this.#mayWrite(),
      lookAgain: (key, at) => {
        this.#watch.lookAgain(key, at);
        this.#alarm.noLaterThan(at);
      },
      onOutcome: (observed, message, outcome) => this.#reconciled(observed, message, outcome),
      onFault: (key, error) => this.#failed(key, error),
    });
    const lookAt = (key: TaskKey): void => this.#reconciler.look(key);
    this.#housekeeping = new Housekeeping(
      choresOf({ ...options, workers, metrics: this.#metrics, world, lost, lookAt }),
      logger,
    );
    this.#unlisten = [
      follower.onChange((change) => this.#changed(change)),
      follower.onReset(() => this.#watch.clear()),
    ];
    for (const task of follower.index.openTasks())
      this.#watch.change({ entry: { ...task, at: 0, writeId: '' }, before: undefined, after: task });
    this.#ensureNewPools();
    this.#living = Promise.all([this.#live(), this.#listen(), this.#elector.campaign(this.#stop.signal)]);
  }

  leading(): boolean {
    return this.#elector.leading;
  }

  ready(): { ready: boolean; reason: string } {
    return this.#options.follower.ready();
  }

  async close(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#stop.abort();
    this.#alarm.close();
    await this.#reconciler.stop();
    await this.#housekeeping.stop();
    await this.#living;
  }

  async #live(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#tick();
      const now = this.#options.clock.now();
      await this.#alarm.sleep(Math.min(now + tickEvery, this.#mayWrite() ? this.#watch.next(now) : Infinity));
    }
  }

  #tick(): void {
    const { clock } = this.#options;
    this.#outage.look();
    this.#elector.check();
    if (elapsed(this.#lookedAtAll, clock.monotonic()) >= fullLookEvery) this.#lookAtAll();
    if (!this.#mayWrite()) return;
    this.#housekeeping.begin(clock.monotonic());
    for (let worker = this.#watch.takeSilent(); worker !== undefined; worker = this.#watch.takeSilent())
      this.#judge(worker);
    const now = clock.now();
    for (let key = this.#watch.takeDue(now); key !== undefined; key = this.#watch.takeDue(now))
      this.#reconciler.look(key);
  }

  #lookAtAll(): void {
    this.#lookedAtAll = this.#options.clock.monotonic();
    this.#watch.lookAtAll();
    this.#workers.forgetSilent(forgetAfter, (worker) => this.#watch.runsSomething(worker));
    this.#wake();
  }

  /** A worker may have been silent for too long, or its connection is gone. */
  #judge(worker: string): void {
    const { heartbeatTimeoutMs } = this.#options;
    const keys = this.#watch.tasksToJudge(worker);
    if (keys.length === 0) return;
    const silent = this.#workers.sight(worker, !this.#outage.deaf)?.connectionLost !== true;
    if (silent && !this.#outage.active && this.#workers.mostFellSilent(heartbeatTimeoutMs))
      this.#outage.begin('workersSilent');
    if (silent && this.#outage.active) return;
    for (const key of keys) this.#reconciler.look(key);
  }

  #world(): World {
    this.#outage.look();
    return {
      worker: (name) => this.#workers.sight(name, !this.#outage.deaf),
      heartbeatTimeout: this.#options.heartbeatTimeoutMs,
      outage: this.#outage.active,
      grace: this.#outage.grace,
    };
  }

  #mayWrite(): boolean {
    return this.#elector.mayAct && !this.#outage.away && !this.#stop.signal.aborted;
  }

  #changed(change: Change): void {
    const { state, seenAt } = change.after;
    const key = taskKey(state.of.job, state.of.task);
    this.#watch.change(change);
    this.#reconciler.moved(key);
    const recovered = this.#recoveries.end(key, state, seenAt);
    if (!this.#elector.leading) return;
    if (recovered !== undefined) this.#metrics.recovered(recovered.rule, recovered.took);
    this.#metrics.change(change);
    this.#wake();
  }

  #reconciled(observed: Observed, message: Message, outcome: Outcome): void {
    const { logger, clock } = this.#options;
    const { task, seenAt } = observed;
    this.#metrics.reconciled(message.rule, outcome.outcome);
    reportOutcome(logger, observed, message, outcome, clock.now());
    if (outcome.outcome !== 'written' || task.state !== 'running') return;
    if (message.rule !== 'WorkerLost' && message.rule !== 'TaskOrphaned') return;
    const lastHeard = latest(seenAt, this.#workers.heardAt(task.worker) ?? longAgo);
    this.#recoveries.begin(taskKey(task.of.job, task.of.task), message.rule, lastHeard);
  }

  #failed(key: TaskKey, error: unknown): void {
    if (error instanceof GenwardenError && error.code === 'Unavailable') this.#outage.begin('writeFailed');
    else this.#options.logger.error({ err: error, key }, 'The controller could not move a task; it tries again');
  }

  async #listen(): Promise<void> {
    const { heartbeats, logger } = this.#options;
    try {
      for await (const event of heartbeats.watch(this.#stop.signal)) this.#heard(event);
    } catch (error) {
      if (!this.#stop.signal.aborted) logger.error({ err: error }, 'Listening to heartbeats ended');
    }
  }

  #heard(event: BeatEvent): void {
    this.#workers.observe(event);
    switch (event.event) {
      case 'beat':
        if (this.#mayWrite()) this.#answer(event);
        return;
      case 'connectionLost':
        this.#watch.lookAtWorker(event.worker);
        return this.#wake();
      case 'observerAway':
        return this.#outage.observerAway();
      case 'observerBack':
        return this.#outage.observerBack();
      default:
        event satisfies never;
    }
  }

  /** Tells the worker what is no longer its own, and looks at what it should list but does not. */
  #answer({ beat }: Extract<BeatEvent, { event: 'beat' }>): void {
    const { heartbeats, follower } = this.#options;
    for (const recall of recallsFor(beat, follower.index)) heartbeats.recall(beat.worker, recall);
    for (const key of this.#watch.tasksNotListed(beat.worker)) this.#reconciler.look(key);
  }

  #outageChanged(cause: OutageCause | undefined): void {
    const { logger } = this.#options;
    if (cause !== undefined) logger.warn({ cause }, 'Outage: nobody is judged by silence until it is over');
    else logger.info('The outage is over');
    // What was put off because of it is looked at again.
    if (cause === undefined) this.#lookAtAll();
  }

  async #lead(term: AbortSignal): Promise<void> {
    this.#metrics.leads(true);
    this.#recoveries.clear();
    this.#housekeeping.dueNow();
    this.#lookAtAll();
    this.#alarm.noLaterThan(-Infinity);
    await whenAborted(term);
    this.#metrics.leads(false);
    this.#recoveries.clear();
  }

  #ensureNewPools(): void {
    const { pools, queue, logger } = this.#options;
    const ensure = async (name: string): Promise<void> => {
      if (this.#mayWrite()) await queue.ensurePool(name);
    };
    pools.onChange(({ name }) => {
      ensure(name).catch((error: unknown) => logger.warn({ err: error, pool: name }, 'Its consumers are tried again'));
    }, this.#stop.signal);
  }

  #wake(): void {
    if (this.#mayWrite()) this.#alarm.noLaterThan(this.#watch.next(this.#options.clock.now()));
  }
}
