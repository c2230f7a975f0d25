// A worker's surroundings in memory: one log, a queue, heartbeats, artifacts, keys and a provider, each of which a test can
// hold back or make fail, and one list of what happened in which order.

import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { GenwardenError } from '../../src/job/errors/index.ts';
import type { PolicyRequest } from '../../src/job/policy.ts';
import type { TaskIdentity, TaskRequest, TaskState, TaskWrite } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';
import type { Beat, Heartbeats, Recall } from '../../src/ports/heartbeats.ts';
import type { DetailedEntry, JobLog, TaskAddress, WriteOutcome } from '../../src/ports/jobLog.ts';
import type { HeldKey, KeyOutcome, KeyRing } from '../../src/ports/keyRing.ts';
import type { Generated, GenerateContext, GenerateRequest, Provider } from '../../src/ports/provider.ts';
import type { Delivery, SpecEntry, TaskQueue } from '../../src/ports/taskQueue.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createWorkerMetrics } from '../../src/telemetry/metrics.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../src/worker/worker.ts';
import { aRequest, freshJobId, identity } from './tasks.ts';
import { until } from '../support/until.ts';

export const unavailable = (): GenwardenError => new GenwardenError('Unavailable', 'NATS did not answer');

type Write = (next: TaskWrite, expected: number) => Promise<WriteOutcome>;

export class FakeLog {
  readonly entries: DetailedEntry[] = [];
  /** Set by a test to answer writes itself; `store` is the ordinary answer. */
  intercept: ((next: TaskWrite, store: () => WriteOutcome) => Promise<WriteOutcome>) | undefined;
  readonly #happened: string[];

  constructor(happened: string[]) {
    this.#happened = happened;
  }

  write: Write = async (next, expected) => {
    const store = (): WriteOutcome => this.store(next, expected);
    return await (this.intercept === undefined ? Promise.resolve(store()) : this.intercept(next, store));
  };

  store(next: TaskWrite, expected: number): WriteOutcome {
    const last = this.last(next.state);
    if ((last?.sequence ?? 0) !== expected) return { outcome: 'refused', last };
    this.#happened.push(`write ${next.state.state}`);
    const sequence = this.entries.length + 1;
    const entry = { sequence, at: Date.now(), writeId: `write-${sequence}`, state: next.state, detail: next.detail };
    this.entries.push(entry);
    return { outcome: 'written', entry };
  }

  last(task: TaskState | TaskAddress): DetailedEntry | undefined {
    const of = 'of' in task ? task.of : task;
    return this.entries.findLast(({ state }) => state.of.job === of.job && state.of.task === of.task);
  }

  /** The last message of a task once it is in one of these states. */
  reached(task: TaskState, ...states: TaskState['state'][]): Promise<DetailedEntry> {
    const look = (): DetailedEntry | undefined => {
      const last = this.last(task);
      return last !== undefined && states.includes(last.state.state) ? last : undefined;
    };
    return until(look, { what: `the task to be ${states.join(' or ')}`, intervalMs: 2 });
  }
}

export interface FakeDelivery extends Delivery {
  readonly answers: string[];
}

export class FakeQueue {
  readonly #waiting: FakeDelivery[] = [];
  #wake: () => void = () => undefined;
  readonly asked: number[] = [];

  offer(entry: DetailedEntry): FakeDelivery {
    const answers: string[] = [];
    const delivery: FakeDelivery = {
      entry: entry as SpecEntry,
      redelivered: false,
      answers,
      done: () => void answers.push('done'),
      giveBack: (delay) => void answers.push(`give back ${delay}`),
    };
    this.#waiting.push(delivery);
    this.#wake();
    return delivery;
  }

  async claimable(_pool: string, atMost: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.asked.push(atMost);
    while (this.#waiting.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this.#waiting.splice(0, atMost);
  }
}

export class FakeHeartbeats {
  readonly beats: Omit<Beat, 'connection'>[] = [];
  #recall: ((recall: Recall) => void) | undefined;
  readonly #happened: string[];

  constructor(happened: string[]) {
    this.#happened = happened;
  }

  beat = (beat: Omit<Beat, 'connection'>): void => {
    this.#happened.push('beat');
    this.beats.push(beat);
  };

  recall(recall: Recall): void {
    this.#recall?.(recall);
  }

  async *recalls(_worker: string, signal: AbortSignal): AsyncGenerator<Recall> {
    while (!signal.aborted) {
      const next = Promise.withResolvers<Recall | undefined>();
      this.#recall = next.resolve;
      signal.addEventListener('abort', () => next.resolve(undefined), { once: true });
      const recall = await next.promise;
      if (recall !== undefined) yield recall;
    }
  }
}

export class FakeArtifacts {
  readonly stored = new Map<string, { bytes: Uint8Array; mediaType: string }>();
  /** Set by a test: throws to make a put fail. */
  beforePut: () => Promise<void> = () => Promise.resolve();
  readonly #happened: string[];

  constructor(happened: string[]) {
    this.#happened = happened;
  }

  put: ArtifactStore['put'] = async (tenant, bytes, mediaType) => {
    await this.beforePut();
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    this.stored.set(`${tenant}/${digest}`, { bytes, mediaType });
    this.#happened.push(`put ${mediaType}`);
    return { digest, mediaType, bytes: bytes.length };
  };

  read: ArtifactStore['read'] = (tenant, digest) => Promise.resolve(this.stored.get(`${tenant}/${digest}`)?.bytes);
}

export class FakeKeys {
  readonly released: KeyOutcome[] = [];
  inHand = 0;
  /** How many keys may be in hand at once; more wait. */
  #limit = Infinity;
  #wake: (() => void)[] = [];

  limit(count: number): void {
    this.#limit = count;
    for (const wake of this.#wake.splice(0)) wake();
  }

  acquire: KeyRing['acquire'] = async (_pool, signal) => {
    while (this.inHand >= this.#limit) {
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    }
    signal.throwIfAborted();
    this.inHand += 1;
    return {
      secret: 'a-secret',
      fingerprint: 'a-fingerprint',
      release: (outcome) => this.#release(outcome),
    } satisfies HeldKey;
  };

  #release(outcome: KeyOutcome): void {
    this.inHand -= 1;
    this.released.push(outcome);
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export type Generate = (request: GenerateRequest, context: GenerateContext) => Promise<Generated>;

export interface World {
  readonly worker: Worker;
  readonly log: FakeLog;
  readonly queue: FakeQueue;
  readonly heartbeats: FakeHeartbeats;
  readonly artifacts: FakeArtifacts;
  readonly keys: FakeKeys;
  readonly registry: Registry;
  /** Writes, puts and beats in their order. */
  readonly happened: string[];
  readonly logged: Record<string, unknown>[];
  /** Stores a new spec and delivers it. */
  submit(options?: SubmitOptions): { delivery: FakeDelivery; task: TaskState };
}

export interface SubmitOptions {
  readonly of?: Partial<TaskIdentity>;
  readonly policy?: PolicyRequest;
  readonly request?: Partial<TaskRequest>;
}

export function startWorld(generate: Generate, over: Partial<WorkerOptions> = {}): World {
  const happened: string[] = [];
  const log = new FakeLog(happened);
  const queue = new FakeQueue();
  const heartbeats = new FakeHeartbeats(happened);
  const artifacts = new FakeArtifacts(happened);
  const keys = new FakeKeys();
  const registry = new Registry();
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const worker = startWorker({
    name: 'worker-1',
    pool: 'default',
    concurrency: 4,
    log: log as unknown as JobLog,
    queue: queue as unknown as TaskQueue,
    heartbeats: heartbeats as unknown as Heartbeats,
    artifacts: artifacts as unknown as ArtifactStore,
    keys: keys as unknown as KeyRing,
    provider: { name: 'fake', generate } satisfies Provider,
    clock: { now: () => Date.now(), offset: () => 0, monotonic: () => performance.now(), sleep: async () => undefined },
    metrics: createWorkerMetrics(registry),
    logger: createLogger({ level: 'info', format: 'json', process: 'worker', destination }),
    heartbeatTimeoutMs: 60_000,
    drainTimeoutMs: 50,
    handBackMs: 2_000,
    abandonAfterMs: 20,
    random: () => 0.5,
    ...over,
  });
  const submit = ({ of = {}, policy = {}, request = {} }: SubmitOptions = {}) => {
    const state = submitted(identity({ job: freshJobId(), submittedAt: Date.now(), kind: 'text', ...of, policy }));
    const outcome = log.store({ state, detail: { message: '', request: { ...aRequest, ...request } } }, 0);
    if (outcome.outcome !== 'written') throw new Error('the spec was not stored');
    return { delivery: queue.offer(log.last(state)!), task: state };
  };
  return { worker, log, queue, heartbeats, artifacts, keys, registry, happened, logged, submit };
}

export const made = (output: Generated['output'] = 'hello'): Generated => ({
  images: [],
  output,
  usage: { inputTokens: 3, outputTokens: 5 },
  provenance: {},
});

/** A call that ends only by its signal, and says when it was made. */
export function hanging(): { generate: Generate; called: Promise<GenerateContext> } {
  const called = Promise.withResolvers<GenerateContext>();
  const generate: Generate = (_request, context) => {
    called.resolve(context);
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true });
    });
  };
  return { generate, called: called.promise };
}
