// An API on fakes: everything that a test of a route needs, and functions that play the worker.

import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { fakeArtifactStore } from './artifactStore.ts';
import { virtualClock, type VirtualClock } from './clock.ts';
import { fakeHeartbeats, type FakeHeartbeats } from './heartbeats.ts';
import { fakeLinkKeys, type FakeLinkKeys } from './linkKeys.ts';
import { fakePoolRegistry } from './poolRegistry.ts';
import { fakeSchemaChecker } from './schemaChecker.ts';
import { fakeTaskQueue } from './taskQueue.ts';
import { sharpImageReader } from '../../src/adapters/images/index.ts';
import { buildApi, type Api, type ApiOptions } from '../../src/api/app.ts';
import type { Running, TaskDetail, TaskState } from '../../src/job/task.ts';
import { claimed } from '../../src/job/transitions.ts';
import type { ArtifactStore } from '../../src/ports/artifactStore.ts';
import type { DetailedEntry, LogEntry } from '../../src/ports/jobLog.ts';
import type { PoolDeclaration } from '../../src/ports/poolRegistry.ts';
import { followActivity } from '../../src/readmodel/activity/activityWindow.ts';
import { startFollower, type Follower } from '../../src/readmodel/follower.ts';
import { createApiMetrics, type ApiMetrics } from '../../src/telemetry/metrics.ts';
import { until } from '../support/until.ts';
import { fakeJobLog, type FakeJobLog } from './jobLog.ts';
import { fakeWebhookDeliveries, type FakeDeliveries } from './webhookDeliveries.ts';

export interface ApiWorld extends AsyncDisposable {
  readonly api: Api;
  readonly log: FakeJobLog;
  readonly follower: Follower;
  readonly metrics: ApiMetrics;
  readonly artifacts: ArtifactStore;
  readonly heartbeats: FakeHeartbeats;
  readonly linkKeys: FakeLinkKeys;
  readonly deliveries: FakeDeliveries;
  readonly clock: VirtualClock;
  /** Worker `worker-1` takes the task. */
  claim(job: string, task?: number): Promise<LogEntry & { state: Running }>;
  /** The worker writes what `next` makes of the running task. */
  finish(job: string, task: number, next: Next, detail?: Partial<TaskDetail>): Promise<void>;
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  delete(url: string): Promise<Answer>;
  /** Submits an image job and gives its id. */
  submit(over?: object): Promise<string>;
}

type Next = (state: Running, now: number) => TaskState;

export interface Answer {
  readonly status: number;
  /** The parsed body, whose shape each test knows. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly bytes: Buffer;
}

const pools: readonly PoolDeclaration[] = [
  {
    name: 'default',
    provider: 'gemini',
    models: { image: ['gemini-3.1-flash-image', 'gemini-3-pro-image'], text: ['gemini-2.5-flash'] },
    policy: {},
  },
  { name: 'drawings', provider: 'openai', models: { image: ['gpt-image-1'], text: [] }, policy: { maxAttempts: 5 } },
];

export async function apiWorld(over: Partial<ApiOptions> = {}): Promise<ApiWorld> {
  const clock = virtualClock();
  const log = fakeJobLog({ clock });
  const logger = pino({ level: 'silent' });
  const follower = startFollower({ log, clock, logger });
  const activity = followActivity(follower, clock.now);
  const metrics = createApiMetrics(new Registry());
  const artifacts = fakeArtifactStore();
  const queue = fakeTaskQueue({ stream: log.stream, clock });
  queue.depths = { lanes: { again: 0, high: 1, normal: 2, low: 3, guest: 0 }, unacknowledged: 4 };
  const heartbeats = fakeHeartbeats();
  const linkKeys = fakeLinkKeys(clock);
  const deliveries = fakeWebhookDeliveries();
  const registry = fakePoolRegistry();
  for (const pool of pools) {
    await registry.declare(pool);
    await queue.ensurePool(pool.name);
  }
  const api = buildApi({
    log,
    queue,
    heartbeats,
    linkKeys,
    deliveries,
    artifacts,
    schemas: fakeSchemaChecker(),
    images: sharpImageReader(),
    pools: registry,
    clock,
    follower,
    activity,
    metrics,
    logger,
    auth: 'off',
    retentionMs: 7 * 86_400_000,
    corsOrigins: [],
    random: (bytes) => randomBytes(bytes),
    ...over,
  });
  await api.ready();
  await until(() => follower.ready().ready, { what: 'the follower to be ready' });
  const world = { api, log, follower, metrics, artifacts, heartbeats, linkKeys, deliveries, clock };
  return { ...world, ...workerHands(world), ...asking(api), [Symbol.asyncDispose]: () => end(world) };
}

type Parts = Pick<ApiWorld, 'api' | 'log' | 'follower' | 'clock'>;

function workerHands({ log, follower, clock }: Parts): Pick<ApiWorld, 'claim' | 'finish'> {
  const last = async (job: string, task: number): Promise<DetailedEntry> => (await log.read(job))!.tasks[task]!.last;
  const write = async <S extends TaskState>(state: S, detail: TaskDetail): Promise<LogEntry & { state: S }> => {
    const entry = log.append(state, detail);
    await until(() => (follower.index.task(state.of.job, state.of.task)?.sequence ?? 0) >= entry.sequence, {
      what: 'the index to see a write',
    });
    return { ...entry, state };
  };
  return {
    async claim(job, task = 0) {
      const { state } = await last(job, task);
      if (state.state !== 'queued') throw new Error(`a task that is ${state.state} cannot be claimed`);
      return write(claimed(state, 'worker-1', 1, clock.now()), { message: 'Claimed' });
    },
    async finish(job, task, next, detail = {}) {
      const { state } = await last(job, task);
      await write(next(state as Running, clock.now()), { message: 'Done', ...detail });
    },
  };
}

function asking(api: Api): Pick<ApiWorld, 'post' | 'get' | 'delete' | 'submit'> {
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, headers = {}, body?: unknown): Promise<Answer> => {
    const payload = body === undefined ? {} : { payload: body as string | object };
    const response = await api.inject({ method, url, headers, ...payload });
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      json: isJson && response.payload !== '' ? response.json() : undefined,
      headers: response.headers,
      bytes: response.rawPayload,
    };
  };
  return {
    post: (url, body, headers) => ask('POST', url, headers, body),
    get: (url, headers) => ask('GET', url, headers),
    delete: (url) => ask('DELETE', url),
    async submit(over = {}) {
      const { json } = await ask('POST', '/v1/jobs', {}, { kind: 'image', input: { prompt: 'a yard' }, ...over });
      return json.id as string;
    },
  };
}

async function end({ api, follower }: Parts): Promise<void> {
  await api.close();
  await follower.close();
}
