// The simulated NATS: the fakes are its server side; it can be stopped as a whole or in part.

import { monotonicFrom } from '../../src/job/time.ts';
import { fakeArtifactStore } from '../fakes/artifactStore.ts';
import { fakeJobLog } from '../fakes/jobLog.ts';
import { fakePoolRegistry } from '../fakes/poolRegistry.ts';
import type { FakeStream } from '../fakes/stream.ts';
import { fakeTaskQueue } from '../fakes/taskQueue.ts';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Beat, Cancellation } from '../../src/ports/heartbeats.ts';
import type { JobLog } from '../../src/ports/jobLog.ts';
import type { Delivery } from '../../src/ports/taskQueue.ts';
import type { PoolRegistry } from '../../src/ports/poolRegistry.ts';
import type { OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import type { FakeTaskQueue } from '../fakes/taskQueue.ts';
import type { ClosedConnection } from '../../src/adapters/nats/heartbeats/connectionLosses.ts';
import { Bucket } from './bucket.ts';
import type { Plan } from './plan.ts';
import type { Connection, Listener } from './connection.ts';
import { withMethods } from './replaceMethods.ts';
import { ringOfServer } from './ringOfServer.ts';
import type { Random } from './time/random.ts';
import { epoch, Process } from './time/process.ts';
import type { Schedule } from './time/schedule.ts';

/** Parts that a mutant may replace. */
export interface Seams {
  readonly log?: (log: JobLog, stream: FakeStream) => JobLog;
  readonly queue?: (queue: FakeTaskQueue) => FakeTaskQueue;
  readonly artifacts?: (artifacts: ArtifactStore, later: (ms: number, run: () => void) => void) => ArtifactStore;
  readonly ring?: (ring: OpenRing) => OpenRing;
  /** What a process reads from the bucket of the key rings, and what it writes. */
  readonly records?: {
    readonly read?: (value: unknown, process: string) => unknown;
    readonly write?: (before: unknown, after: unknown) => unknown;
  };
  /** False: observers are not notified when their own connection is lost. */
  readonly notifiesObservers?: false;
}

export interface Lease {
  readonly holder: string;
  until: number;
}

export class Server {
  /** Runs the server's own work; never dies. */
  readonly process: Process;
  readonly clock: Clock;
  readonly stream: FakeStream;
  readonly log: JobLog;
  readonly queue: FakeTaskQueue;
  readonly artifacts: ArtifactStore;
  readonly seams: Seams;
  /** Called with what the queue delivers, in its order. */
  readonly onDelivered: ((delivery: Delivery) => void)[] = [];
  /** Called when the queue has lost its consumers, and so delivers everything again. */
  readonly onForgotten: (() => void)[] = [];
  readonly bucket = new Bucket();
  /** What the records of the key rings say, for checks. */
  readonly keys: OpenRing;
  readonly pools: PoolRegistry;
  readonly notifiesObservers: boolean;
  readonly beats = new Set<Listener<Beat>>();
  readonly cancellations = new Map<string, Set<Listener<Cancellation>>>();
  /** The system account's events. */
  readonly connections = new Set<Listener<ClosedConnection>>();
  readonly links = new Set<Connection>();
  lease: Lease | undefined;
  #clients = 0;
  #jetStream = true;
  #up = true;

  constructor(schedule: Schedule, random: Random, { window }: Plan, seams: Seams) {
    this.process = new Process({ name: 'nats', schedule, random });
    this.clock = serverClock(this.process);
    const log = fakeJobLog({ clock: this.clock, window });
    const queue = fakeTaskQueue({ stream: log.stream, clock: this.clock });
    this.stream = log.stream;
    this.log = seams.log?.(log, log.stream) ?? log;
    const broken = seams.queue?.(queue) ?? queue;
    this.queue = withMethods(broken, {
      claimable: async (...args) => {
        const deliveries = await broken.claimable(...args);
        for (const delivery of deliveries) for (const hear of this.onDelivered) hear(delivery);
        return deliveries;
      },
      forget: (pool) => {
        broken.forget(pool);
        for (const hear of this.onForgotten) hear();
      },
    });
    const later = (ms: number, run: () => void): void => void this.process.after(ms, run);
    this.artifacts = seams.artifacts?.(fakeArtifactStore(), later) ?? fakeArtifactStore();
    this.notifiesObservers = seams.notifiesObservers ?? true;
    this.seams = seams;
    this.keys = ringOfServer(this.bucket, this.clock);
    this.pools = fakePoolRegistry();
  }

  /** Whether it can be connected to. */
  get up(): boolean {
    return this.#up;
  }

  /** Whether it answers JetStream requests; core messages work without. */
  get jetStream(): boolean {
    return this.#up && this.#jetStream;
  }

  nextClient(): number {
    this.#clients += 1;
    return this.#clients;
  }

  stopJetStream(): void {
    this.#jetStream = false;
    for (const link of this.links) link.stalled();
  }

  startJetStream(): void {
    this.#jetStream = true;
  }

  /** Ends every connection and accepts no new one. */
  stop(): void {
    this.#up = false;
    for (const link of this.links) link.lose('Server Shutdown');
  }

  start(): void {
    this.#up = true;
  }
}

function serverClock(process: Process): Clock {
  const now = (): number => Math.floor(epoch + process.schedule.now);
  return {
    now,
    offset: () => 0,
    monotonic: () => monotonicFrom(process.schedule.now),
    sleep: (until, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          process.schedule.cancel(planned);
          reject(signal!.reason as Error);
        };
        const planned = process.after(until - now(), () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        });
        if (signal?.aborted === true) abort();
        else signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}
