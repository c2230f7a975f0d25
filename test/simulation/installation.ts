// The processes of a run: workers, controllers and APIs, each the real code on its own simulated ports.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { WorkerDirectory } from '../../src/readmodel/workerDirectory.ts';
import { partCount } from '../../src/job/parts.ts';
import type { JobsContext } from '../../src/jobs/context.ts';
import { JobWatch } from '../../src/jobs/wait.ts';
import { startController, type Controller } from '../../src/controller/controller.ts';
import type { JobLog, LogEntry } from '../../src/ports/jobLog.ts';
import type { OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import type { KeySettings } from '../../src/ports/keyRing.ts';
import type { PoolDeclaration } from '../../src/ports/poolRegistry.ts';
import { startFollower, type Follower } from '../../src/readmodel/follower.ts';
import { logEndedTask } from '../../src/job/logEvents/taskEvents.ts';
import type { Logger } from '../../src/telemetry/log.ts';
import { createControllerMetrics, createWorkerMetrics } from '../../src/telemetry/metrics.ts';
import { leastWeight } from '../../src/worker/attemptMemory.ts';
import { startWorker, type Worker } from '../../src/worker/worker.ts';
import { Link } from './link.ts';
import { capacityOf, groupLimit, type Plan } from './plan.ts';
import { heartbeatsOver } from './ports/heartbeats.ts';
import { logOver, type OnWritten } from './ports/log.ts';
import { queueOver } from './ports/queue.ts';
import { keysOver } from './ports/keys.ts';
import { artifactsOver, clockOf, leadershipOver, type ClockError } from './ports/rest.ts';
import { fakeSchemaChecker } from '../fakes/schemaChecker.ts';
import type { SimulatedProvider } from './provider.ts';
import type { Server } from './server.ts';
import { Process } from './time/process.ts';
import type { Random } from './time/random.ts';

export const heartbeatTimeout = 6_000;
const retention = 7 * 86_400_000;
export const poolName = 'default';
export const sparePoolName = 'spare';
/** Of the pool, the default first. */
export const models = ['model', 'second'] as const;
const spareModels = ['other'] as const;
const declared = { provider: 'simulated', parts: partCount, policy: { backoff: { first: 500, cap: 8_000 } } };
const shares = { limits: { group: groupLimit } };
export const pool: PoolDeclaration = { ...declared, shares, name: poolName, models: { image: [], text: models } };
export const sparePool: PoolDeclaration = {
  ...declared,
  name: sparePoolName,
  models: { image: [], text: spareModels },
};

interface Instance {
  readonly process: Process;
  readonly link: Link;
  readonly clockError: ClockError;
  /** ms of the run. */
  readonly startedAt: number;
}

export interface WorkerInstance extends Instance {
  readonly role: 'worker';
  readonly pool: string;
  readonly worker: Worker;
  readonly keys: OpenRing;
  drainingSince: number | undefined;
}

export interface ControllerInstance extends Instance {
  readonly role: 'controller';
  readonly controller: Controller;
  readonly follower: Follower;
  readonly registry: Registry;
}

/** The use cases' context without the parts for explanations and event streams, which no simulated client uses. */
export type ClientContext = Omit<JobsContext, 'lastClaims' | 'recent'>;

export interface ApiInstance extends Instance {
  readonly role: 'api';
  readonly context: ClientContext;
}

export type AnyInstance = WorkerInstance | ControllerInstance | ApiInstance;

export interface InstallationOptions {
  readonly plan: Plan;
  readonly random: Random;
  readonly server: Server;
  readonly provider: SimulatedProvider;
  readonly onWritten: OnWritten;
  readonly violate: (invariant: string, message: string, about?: string) => void;
  /** Receives each log line; undefined: nothing is logged. */
  readonly logged: ((process: string, line: string) => void) | undefined;
}

const silent = pino({ enabled: false });
// No check reads these metrics, and registries are slow to create, so all workers share one.
const workerMetrics = createWorkerMetrics(new Registry());

export class Installation {
  readonly #options: InstallationOptions;
  readonly #instances = new Map<string, AnyInstance>();
  #started = 0;
  /** The present keys of the pool. */
  keys: readonly KeySettings[];
  /** ms of the run. */
  keysReplacedAt = -Infinity;

  constructor(options: InstallationOptions) {
    this.#options = options;
    const { keys, requestsPerMinute } = options.plan;
    this.keys = Array.from({ length: keys }, (_, at) => ({ secret: `key-${at}`, requestsPerMinute, maxInFlight: 8 }));
  }

  get workers(): WorkerInstance[] {
    return this.#alive().filter((instance) => instance.role === 'worker');
  }

  get controllers(): ControllerInstance[] {
    return this.#alive().filter((instance) => instance.role === 'controller');
  }

  get apis(): ApiInstance[] {
    return this.#alive().filter((instance) => instance.role === 'api');
  }

  all(): AnyInstance[] {
    return this.#alive();
  }

  find(name: string): AnyInstance | undefined {
    return this.#instances.get(name);
  }

  keysOf(served: string): readonly KeySettings[] {
    return served === poolName ? this.keys : this.keys.slice(0, 1).map((key) => ({ ...key, secret: 'spare' }));
  }

  /** Gives the workers another key for each of these; false if there is none. */
  replaceKeys(isReplaced: (secret: string) => boolean): boolean {
    if (!this.keys.some(({ secret }) => isReplaced(secret))) return false;
    this.keysReplacedAt = this.#options.server.process.schedule.now;
    this.keys = this.keys.map((key) => (isReplaced(key.secret) ? { ...key, secret: `${key.secret}'` } : key));
    for (const { pool: served, process, keys } of this.workers)
      if (served === poolName)
        process.after(process.random.next() * 2_000, () => void keys.replaceKeys(served, this.keys));
    return true;
  }

  startWorker(served = poolName): WorkerInstance {
    const { plan, provider } = this.#options;
    const base = this.#base('worker');
    const { process, link } = base;
    const { worker, keys } = process.enter(() => {
      const clock = clockOf(process, base.clockError);
      const ring = keysOver({ link, clock, keys: { [served]: this.keysOf(served) } });
      const started = startWorker({
        name: process.name,
        pool: served,
        concurrency: plan.slots,
        memory: leastWeight * capacityOf(plan),
        log: logOver(link, this.#options.onWritten),
        queue: queueOver(link),
        heartbeats: heartbeatsOver(link, { system: false }),
        artifacts: artifactsOver(link),
        keys: ring,
        provider: provider.provider(),
        models: served === poolName ? models : spareModels,
        clock,
        metrics: workerMetrics,
        logger: this.#logger(process),
        heartbeatTimeoutMs: heartbeatTimeout,
        drainTimeoutMs: 8_000,
        random: () => process.random.next(),
      });
      return { worker: started, keys: ring };
    });
    // A worker that finished, because it drained or leaked too many slots, exits and is replaced.
    void worker.finished.then(() => process.end());
    return this.#add({ ...base, role: 'worker', pool: served, worker, keys, drainingSince: undefined });
  }

  startController(): ControllerInstance {
    const { plan, server } = this.#options;
    const base = this.#base('controller');
    const { process, link } = base;
    const registry = new Registry();
    const logger = this.#logger(process);
    return this.#add(
      process.enter(() => {
        const clock = clockOf(process, base.clockError);
        const log = this.#logOf(process, link, () => follower);
        const follower = startFollower({ log, clock, logger });
        const controller = startController({
          name: process.name,
          log,
          queue: queueOver(link),
          heartbeats: heartbeatsOver(link, { system: plan.system }),
          leadership: leadershipOver(link, plan.leaseOverrun),
          pools: server.pools,
          keys: keysOver({ link, clock, keys: {} }),
          clock,
          follower,
          metrics: createControllerMetrics(registry),
          logger,
          heartbeatTimeoutMs: heartbeatTimeout,
          random: () => process.random.next(),
        });
        return { ...base, role: 'controller', controller, follower, registry };
      }),
    );
  }

  startApi(): ApiInstance {
    const base = this.#base('api');
    return this.#add(base.process.enter(() => ({ ...base, role: 'api', context: this.#apiContext(base) })));
  }

  #apiContext({ process, link, clockError }: Instance): ClientContext {
    const clock = clockOf(process, clockError);
    const log = this.#logOf(process, link, () => follower);
    const logger = this.#logger(process);
    const follower = startFollower({ log, clock, logger });
    const heartbeats = heartbeatsOver(link, { system: false });
    const workers = new WorkerDirectory(clock, { forgetAfterMs: 3 * heartbeatTimeout });
    void workers.watch(heartbeats, new AbortController().signal);
    return {
      log,
      queue: queueOver(link),
      heartbeats,
      artifacts: artifactsOver(link),
      schemas: fakeSchemaChecker(),
      images: { read: async () => ({}) },
      pools: this.#options.server.pools,
      clock,
      follower,
      retentionMs: retention,
      random: (count) => process.random.bytes(count),
      workers,
      watch: new JobWatch(follower),
      onTaskEnded: (ended) => logEndedTask(logger, ended),
    };
  }

  /** Checks that an acknowledged write is in the writer's own index immediately. */
  #logOf(process: Process, link: Link, follower: () => Follower): JobLog {
    const log = logOver(link, this.#options.onWritten);
    const check = ({ sequence, state }: LogEntry): void => {
      const { job, task } = state.of;
      setTimeout(() => {
        const { index } = follower();
        const known = index.task(job, task)?.sequence;
        const message = `${process.name} wrote ${sequence}, and its index has ${known}`;
        if (known !== undefined && known < sequence)
          this.#options.violate('OwnWritesAreSeen', message, `${job}/${task}`);
      }, 1);
    };
    return {
      ...log,
      submit: async (specs) => {
        const outcome = await log.submit(specs);
        if (outcome.outcome === 'stored') for (const entry of outcome.entries) check(entry);
        return outcome;
      },
      write: async (next, expected) => {
        const outcome = await log.write(next, expected);
        if (outcome.outcome === 'written') check(outcome.entry);
        return outcome;
      },
    };
  }

  #base(role: AnyInstance['role']): Instance {
    const { plan, random, server } = this.#options;
    this.#started += 1;
    const name = `${role}-${this.#started}`;
    const own = random.fork(name);
    const skew = own.whole(-600_000, 600_000);
    const process = new Process({ name, schedule: server.process.schedule, random: own, skew, lateness: 2 });
    return {
      process,
      link: new Link(process, server, plan.network),
      clockError: { ms: 0 },
      startedAt: process.schedule.now,
    };
  }

  #add<P extends AnyInstance>(instance: P): P {
    this.#instances.set(instance.process.name, instance);
    return instance;
  }

  #alive(): AnyInstance[] {
    return [...this.#instances.values()].filter(({ process }) => process.alive);
  }

  #logger(process: Process): Logger {
    const { logged } = this.#options;
    if (logged === undefined) return silent;
    return pino({ base: null, timestamp: false }, { write: (line: string) => logged(process.name, line) });
  }
}
