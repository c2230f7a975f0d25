// An API on fakes, with the real follower and index: everything a test of a route needs, and hands to play the worker.

import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { buildApi, type Api, type ApiOptions } from '../../../src/api/app.ts';
import type { TaskDetail, TaskWrite, Running } from '../../../src/job/task.ts';
import { claimed } from '../../../src/job/transitions.ts';
import type { ArtifactStore, StoredArtifact } from '../../../src/ports/artifactStore.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Beat, BeatEvent, Recall } from '../../../src/ports/heartbeats.ts';
import type { DetailedEntry } from '../../../src/ports/jobLog.ts';
import type { PoolDeclaration, PoolRegistry } from '../../../src/ports/poolRegistry.ts';
import { startFollower, type Follower } from '../../../src/readmodel/follower.ts';
import { createApiMetrics, type ApiMetrics } from '../../../src/telemetry/metrics.ts';
import { until } from '../until.ts';
import { fakeJobLog, type FakeJobLog } from './jobLog.ts';

export const worldStart = Date.UTC(2026, 10, 22);

export interface ApiWorld extends AsyncDisposable {
  readonly api: Api;
  readonly log: FakeJobLog;
  readonly follower: Follower;
  readonly metrics: ApiMetrics;
  readonly artifacts: ArtifactStore & { readonly stored: Map<string, { bytes: Uint8Array } & StoredArtifact> };
  readonly recalls: { worker: string; recall: Recall }[];
  readonly clock: Clock & { advance(ms: number): void };
  hear(event: BeatEvent): Promise<void>;
  /** A worker takes the task: the entry of its claim. */
  claim(job: string, task?: number): Promise<DetailedEntry & { state: Running }>;
  /** The worker writes what `next` makes of the running task. */
  finish(
    job: string,
    task: number,
    next: (state: Running, now: number) => TaskWrite['state'],
    detail?: Partial<TaskDetail>,
  ): Promise<void>;
  /** POST, answered as JSON. */
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line typescript/no-explicit-any
  readonly json: any;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly raw: Buffer;
}

export const pools: readonly PoolDeclaration[] = [
  {
    name: 'default',
    provider: 'gemini',
    models: { image: ['gemini-3.1-flash-image', 'gemini-3-pro-image'], text: ['gemini-2.5-flash'] },
    policy: {},
  },
  { name: 'drawings', provider: 'openai', models: { image: ['gpt-image-1'], text: [] }, policy: { maxAttempts: 5 } },
];

export async function apiWorld(over: Partial<ApiOptions> = {}): Promise<ApiWorld> {
  const clock = fakeClock();
  const log = fakeJobLog(() => clock.now());
  const logger = pino({ level: 'silent' });
  const follower = startFollower({ log, clock, logger });
  const metrics = createApiMetrics(new Registry());
  const artifacts = fakeArtifacts();
  const { heartbeats, recalls, hear } = fakeHeartbeats();
  const api = buildApi({
    log,
    queue: { depth: async () => ({ lanes: { again: 0, high: 1, normal: 2, low: 3 }, unacknowledged: 4 }) },
    heartbeats,
    artifacts,
    pools: fakePools(),
    clock,
    follower,
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
  const claim: ApiWorld['claim'] = async (job, task = 0) => {
    const last = log.entries.findLast(({ state }) => state.of.job === job && state.of.task === task)!;
    if (last.state.state !== 'queued') throw new Error(`cannot claim what is ${last.state.state}`);
    const state = claimed(last.state, 'worker-1', 1, clock.now());
    return (await seen(await log.append({ state, detail: { message: 'Claimed' } }))) as DetailedEntry & {
      state: Running;
    };
  };
  const seen = async (entry: DetailedEntry): Promise<DetailedEntry> => {
    await follower.waitFor(entry.sequence, 5_000);
    return entry;
  };
  const ask = async (method: 'GET' | 'POST', url: string, body: unknown, headers: Record<string, string>) => {
    const payload = body === undefined ? {} : { payload: body as string | object };
    const response = await api.inject({ method, url, headers, ...payload });
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      json: isJson ? response.json() : undefined,
      headers: response.headers,
      raw: response.rawPayload,
    };
  };
  return {
    api,
    log,
    follower,
    metrics,
    artifacts,
    recalls,
    clock,
    hear,
    claim,
    async finish(job, task, next, detail = {}) {
      const last = log.entries.findLast(({ state }) => state.of.job === job && state.of.task === task)!;
      const state = next(last.state as Running, clock.now());
      await seen(await log.append({ state, detail: { message: 'Done', ...detail } } as TaskWrite));
    },
    post: (url, body, headers = {}) => ask('POST', url, body, headers),
    get: (url, headers = {}) => ask('GET', url, undefined, headers),
    async [Symbol.asyncDispose]() {
      await api.close();
      await follower.close();
    },
  };
}

export function aBeat(over: Partial<Beat> = {}): Beat {
  return {
    worker: 'worker-1',
    pool: 'default',
    host: 'node-1',
    pid: 7,
    version: '0.1.0',
    startedAt: worldStart,
    number: 1,
    tasks: [],
    slots: { total: 4, busy: 0, leaked: 0 },
    eventLoopLag: 1,
    memory: 1_000_000,
    draining: false,
    connection: { server: 's1', client: 1 },
    ...over,
  };
}

function fakeClock(): Clock & { advance(ms: number): void } {
  let now = worldStart;
  return {
    now: () => now,
    offset: () => 0,
    monotonic: () => now - worldStart,
    sleep: () => Promise.reject(new Error('not needed')),
    advance: (ms) => void (now += ms),
  };
}

function fakePools(): PoolRegistry {
  return {
    declare: async () => {},
    list: () => pools,
    find: (name) => pools.find((pool) => pool.name === name),
    onChange: () => {},
  };
}

function fakeArtifacts(): ApiWorld['artifacts'] {
  const stored = new Map<string, { bytes: Uint8Array } & StoredArtifact>();
  return {
    stored,
    async put(tenant, bytes, mediaType) {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const artifact = { digest, mediaType, bytes: bytes.length };
      stored.set(`${tenant}/${digest}`, { ...artifact, content: bytes } as never);
      return artifact;
    },
    async find(tenant, digest) {
      return stored.get(`${tenant}/${digest}`);
    },
    async read(tenant, digest) {
      return (stored.get(`${tenant}/${digest}`) as unknown as { content: Uint8Array } | undefined)?.content;
    },
    async stream(tenant, digest, range) {
      const content = (stored.get(`${tenant}/${digest}`) as unknown as { content: Uint8Array } | undefined)?.content;
      if (content === undefined) return undefined;
      return Readable.from([Buffer.from(range === undefined ? content : content.subarray(range.start, range.end + 1))]);
    },
    async delete(tenant, digest) {
      stored.delete(`${tenant}/${digest}`);
    },
  };
}

function fakeHeartbeats() {
  const recalls: { worker: string; recall: Recall }[] = [];
  const queue: { event: BeatEvent; taken: () => void }[] = [];
  let wake = (): void => {};
  return {
    recalls,
    hear(event: BeatEvent): Promise<void> {
      return new Promise((resolve) => {
        queue.push({ event, taken: resolve });
        wake();
      });
    },
    heartbeats: {
      recall: (worker: string, recall: Recall) => void recalls.push({ worker, recall }),
      async *watch(signal: AbortSignal): AsyncGenerator<BeatEvent> {
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          const next = queue.shift();
          if (next === undefined) {
            await new Promise<void>((resolve) => (wake = resolve));
            continue;
          }
          yield next.event;
          next.taken();
        }
      },
    },
  };
}
