// A worker on fakes, each of which a test can hold back or make fail, with one list of what happened in which order.

import { Registry } from 'prom-client';
import { GenwardenError } from '../../src/job/errors/index.ts';
import type { PolicyRequest, Target } from '../../src/job/policy.ts';
import type { TaskIdentity, TaskRequest, TaskState } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createWorkerMetrics } from '../../src/telemetry/metrics.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../src/worker/worker.ts';
import { fakeArtifactStore, type FakeArtifactStore } from './artifactStore.ts';
import { systemClock } from './clock.ts';
import { fakeHeartbeats, type FakeHeartbeats } from './heartbeats.ts';
import { fakeJobLog, type FakeJobLog } from './jobLog.ts';
import { fakeKeyRings, type FakeKeyRing } from './keyRing.ts';
import { fakeProvider, type Generate } from './provider.ts';
import { FakeStream } from './stream.ts';
import { fakeTaskQueue, type FakeTaskQueue, type OfferedDelivery } from './taskQueue.ts';
import { aRequest, freshJobId, identity } from './tasks.ts';

export const unavailable = (): GenwardenError => new GenwardenError('Unavailable', 'NATS did not answer');

export interface World {
  readonly worker: Worker;
  readonly log: FakeJobLog;
  /** Delivers only what the test offers. */
  readonly queue: FakeTaskQueue;
  readonly heartbeats: FakeHeartbeats;
  readonly artifacts: FakeArtifactStore;
  readonly keys: FakeKeyRing;
  readonly registry: Registry;
  /** Writes, puts and beats in their order. */
  readonly happened: string[];
  readonly logged: Record<string, unknown>[];
  /** Stores a new spec and delivers it. */
  submit(options?: SubmitOptions): { delivery: OfferedDelivery; task: TaskState };
}

export interface SubmitOptions {
  readonly of?: Partial<TaskIdentity>;
  readonly policy?: PolicyRequest;
  readonly fallback?: readonly Target[];
  readonly request?: Partial<TaskRequest>;
  /** The workers that the run has lost so far. */
  readonly attemptsLost?: number;
}

export function startWorld(generate: Generate, over: Partial<WorkerOptions> = {}): World {
  const happened: string[] = [];
  const clock = systemClock();
  const log = fakeJobLog({ clock });
  log.stream.onChange(() => void happened.push(`write ${log.entries.at(-1)!.state.state}`));
  const queue = fakeTaskQueue({ stream: new FakeStream(), clock });
  const heartbeats = fakeHeartbeats();
  const artifacts = fakeArtifactStore();
  const keys = fakeKeyRings(clock).ring({
    default: [{ secret: 'a-secret', requestsPerMinute: Infinity, maxInFlight: Infinity }],
  });
  const registry = new Registry();
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const worker = startWorker({
    name: 'worker-1',
    pool: 'default',
    concurrency: 4,
    log,
    queue,
    heartbeats: {
      ...heartbeats,
      beat: (beat) => {
        happened.push('beat');
        heartbeats.beat(beat);
      },
    },
    artifacts: {
      ...artifacts,
      put: async (tenant, bytes, mediaType) => {
        const stored = await artifacts.put(tenant, bytes, mediaType);
        happened.push(`put ${mediaType}`);
        return stored;
      },
    },
    keys,
    provider: fakeProvider(generate),
    clock,
    metrics: createWorkerMetrics(registry),
    logger: createLogger({ level: 'info', format: 'json', process: 'worker', destination }),
    heartbeatTimeoutMs: 60_000,
    drainTimeoutMs: 50,
    requeueTimeoutMs: 2_000,
    abandonAfterMs: 20,
    random: () => 0.5,
    ...over,
  });
  const submit = ({ of = {}, policy = {}, fallback, request = {}, attemptsLost = 0 }: SubmitOptions = {}) => {
    const asked = identity({ job: freshJobId(), submittedAt: Date.now(), kind: 'text', ...of, policy });
    const whole = fallback === undefined ? asked : { ...asked, policy: { ...asked.policy, fallback } };
    const state = { ...submitted(whole), attempt: attemptsLost, attemptsLost };
    const entry = log.append(state, { message: '', request: { ...aRequest, ...request } });
    return { delivery: queue.offer(entry), task: state };
  };
  return { worker, log, queue, heartbeats, artifacts, keys, registry, happened, logged, submit };
}
