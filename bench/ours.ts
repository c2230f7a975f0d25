// The same work through Genwarden: the job log, the queue and a real worker with a provider that does nothing.

import { Registry } from 'prom-client';
import pino from 'pino';
import {
  natsArtifactStore,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsPoolRegistry,
  natsTaskQueue,
  type NatsLink,
} from '../src/adapters/nats/index.ts';
import { policyFor, type JobKind } from '../src/job/policy.ts';
import type { Queued, SpecWrite, TaskIdentity, TaskState } from '../src/job/task.ts';
import { submitted } from '../src/job/transitions.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { JobLog } from '../src/ports/jobLog.ts';
import type { GeneratedImage, GenerateRequest, Provider } from '../src/ports/provider.ts';
import type { TaskQueue } from '../src/ports/taskQueue.ts';
import { createWorkerMetrics } from '../src/telemetry/metrics.ts';
import { startWorker, type Worker } from '../src/worker/worker.ts';
import { inParallel, percentiles, timed, type Percentiles } from './measure.ts';

export interface Ours {
  readonly link: NatsLink;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly clock: Clock;
}

const week = 7 * 86_400_000;

export async function openOurs(link: NatsLink): Promise<Ours> {
  const clock = await natsClock(link);
  const log = await natsJobLog(link, { retentionMs: week, now: clock.now });
  const queue = natsTaskQueue(link);
  await queue.ensurePool('default');
  return { link, log, queue, clock };
}

/** APIs accept jobs of declared pools only. */
export async function declarePools(link: NatsLink, names: readonly string[]): Promise<void> {
  const pools = await natsPoolRegistry(link);
  const models = { image: [], text: ['gemini-2.5-flash'] };
  for (const name of names) await pools.declare({ name, provider: 'gemini', models, policy: {} });
}

/** Single-task jobs per second. */
export async function ourSubmits({ log, clock }: Ours, count: number, atOnce: number, round: string): Promise<number> {
  const seconds = await timed(() =>
    inParallel(count, atOnce, (index) => log.submit([aSpec(clock, `${round}${index}`)])),
  );
  return count / seconds;
}

/** A worker with `slots` slots runs `count` queued tasks: tasks per second. */
export async function ourLives(ours: Ours, count: number, slots: number): Promise<number> {
  const done = Promise.withResolvers<void>();
  let ended = 0;
  const worker = await startNothingWorker(ours, slots, {
    onEnd: () => {
      ended += 1;
      if (ended === count) done.resolve();
    },
  });
  const seconds = await timed(() => done.promise);
  await worker.drain();
  return count / seconds;
}

/** Submit acknowledged to attempt started, on an idle queue, ms. */
export async function ourDispatch(ours: Ours, count: number): Promise<Percentiles> {
  let started = Promise.withResolvers<number>();
  const worker = await startNothingWorker(ours, 4, { onStart: () => started.resolve(performance.now()) });
  const times: number[] = [];
  for (let index = -20; index < count; index += 1) {
    started = Promise.withResolvers();
    await ours.log.submit([aSpec(ours.clock, `dispatch${index + 20}`)]);
    const stored = performance.now();
    const time = (await started.promise) - stored;
    // The first ones only warm up the process.
    if (index >= 0) times.push(Math.max(0, time));
  }
  await worker.drain();
  return percentiles(times);
}

export interface WorkerListeners {
  readonly onStart?: (request: GenerateRequest) => void;
  /** What every answer contains; absent: a short text, so that no artifact is stored. */
  readonly image?: () => GeneratedImage;
  /** After the write of `succeeded` was answered. */
  readonly onEnd?: (state: TaskState) => void;
}

/** The product's worker with a provider that answers at once. */
export async function startNothingWorker(ours: Ours, slots: number, listeners: WorkerListeners): Promise<Worker> {
  const { link, log, queue, clock } = ours;
  const write: JobLog['write'] = async (next, expected) => {
    const outcome = await log.write(next, expected);
    if (next.state.state === 'succeeded' && outcome.outcome === 'written') listeners.onEnd?.(next.state);
    return outcome;
  };
  return startWorker({
    name: `bench-${process.pid}-${Math.round(performance.now())}`,
    pool: 'default',
    concurrency: slots,
    log: { ...log, write },
    queue,
    heartbeats: natsHeartbeats(link),
    artifacts: await natsArtifactStore(link, { retentionMs: week, clock }),
    keys: await natsKeyRing(link, { keys: {}, clock }),
    provider: nothing(listeners),
    clock,
    metrics: createWorkerMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
    heartbeatTimeoutMs: 6_000,
  });
}

/** Answers at once. */
function nothing({ onStart, image }: WorkerListeners): Provider {
  const answer = { images: [], output: 'done', usage: { inputTokens: 0, outputTokens: 0, images: 0 }, provenance: {} };
  return {
    name: 'nothing',
    generate: async (request) => {
      onStart?.(request);
      return image === undefined ? answer : { ...answer, images: [image()] };
    },
  };
}

const aPrompt = 'a short text about a front yard with native plants';

export function aSpec(clock: Clock, id: string, prompt = aPrompt, kind: JobKind = 'text'): SpecWrite<Queued> {
  const submittedAt = clock.now();
  const of: TaskIdentity = {
    job: id.padStart(26, '0'),
    task: 0,
    name: null,
    total: 1,
    tenant: 'default',
    pool: 'default',
    kind,
    model: 'gemini-2.5-flash',
    priority: 'normal',
    labels: {},
    policy: policyFor(kind),
    submittedAt,
    expiresAt: submittedAt + week,
    deadline: null,
    owner: null,
  };
  const digest = `sha256:${'0'.repeat(64)}`;
  const request = { input: { prompt }, metadata: {}, jobMetadata: {}, digest, concurrencyKey: null };
  return { state: submitted(of), detail: { message: 'Submitted', request } };
}
