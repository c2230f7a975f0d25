// An installation in fast time: real processes, one pool whose keys are in files, and the provider behind a server that
// misbehaves on command.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  startBadProvider,
  startForeignHost,
  type BadProvider,
  type ForeignHost,
} from '../../../support/badProvider/provider.ts';
import type { TestProcess } from '../../../support/process.ts';
import { tempFolder } from '../../../support/tempFolder.ts';
import { inFastTime } from '../fastTime/environment.ts';
import { fastAt, realMs, type Scale } from '../fastTime/scale.ts';
import { startWorld, type FaultWorld } from '../world.ts';

export interface FastWorldOptions {
  /** How many seconds pass in a real one. */
  readonly speed: number;
  readonly keys: readonly string[];
  readonly requestsPerMinute: number;
  /** Default: those of the settings. */
  readonly models?: readonly string[];
  /** Of the pool `default`; 1 by default. */
  readonly workers?: number;
  /** Beside the pool `default`, with one worker each. */
  readonly otherPools?: readonly PoolOptions[];
}

export interface PoolOptions {
  readonly name: string;
  readonly keys: readonly string[];
  readonly models: readonly string[];
}

export interface FastWorld {
  readonly world: FaultWorld;
  readonly provider: BadProvider;
  readonly foreign: ForeignHost;
  /** Every process, those that were started later included. */
  readonly processes: readonly TestProcess[];
  readonly workers: readonly TestProcess[];
  readonly requestsPerMinute: number;
  /** Fast ms since the epoch. */
  now(): number;
  fastAt(real: number): number;
  realMs(fastMs: number): number;
  startWorker(pool?: string): Promise<TestProcess>;
  /** Writes other keys into the files that the keys of the pool `default` come from: as many as at the start. */
  replaceKeys(keys: readonly string[]): Promise<void>;
}

/** How long the provider takes for a picture, fast ms. */
const pictureTakes = 2_000;

/** Everything ends with the test. */
export async function startFastWorld(options: FastWorldOptions): Promise<FastWorld> {
  const { speed, workers: count = 1, requestsPerMinute, otherPools = [] } = options;
  const scale: Scale = { speed, from: Date.now() };
  const latencyMs = pictureTakes / speed;
  const world = await startWorld({ processes: [], behaviour: { kind: 'image', bytes: 'small', latencyMs } });
  const provider = await startBadProvider(world.standin);
  onTestFinished(() => provider[Symbol.asyncDispose]());
  const foreign = await startForeignHost();
  onTestFinished(() => foreign[Symbol.asyncDispose]());
  const { poolsFile, replaceKeys } = await writePool(options);
  const env = {
    ...inFastTime(scale),
    GENWARDEN_GEMINI_API_KEYS: undefined,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: undefined,
    GENWARDEN_GEMINI_BASE_URL: provider.url,
    GENWARDEN_POOLS_FILE: poolsFile,
    GENWARDEN_CONCURRENCY: '4',
    // As much real time as the default, because heartbeats travel through NATS.
    GENWARDEN_HEARTBEAT_TIMEOUT: `${6 * speed}s`,
  };
  const processes: TestProcess[] = [];
  const workers: TestProcess[] = [];
  const start = async (name: 'controller' | 'api' | 'worker', pool = 'default'): Promise<TestProcess> => {
    const started = await world.start(name, { ...env, GENWARDEN_POOL: pool });
    processes.push(started);
    if (name === 'worker') workers.push(started);
    return started;
  };
  const served = [...Array<string>(count).fill('default'), ...otherPools.map(({ name }) => name)];
  await Promise.all([start('controller'), start('api'), ...served.map((pool) => start('worker', pool))]);
  await world.watcher.ready;
  return {
    world,
    provider,
    foreign,
    processes,
    workers,
    requestsPerMinute,
    now: () => fastAt(scale, Date.now()),
    fastAt: (real) => fastAt(scale, real),
    realMs: (fastMs) => realMs(scale, fastMs),
    startWorker: (pool) => start('worker', pool),
    replaceKeys,
  };
}

/** Each key has a file, as when Kubernetes mounts a Secret. */
async function writePool({ keys, requestsPerMinute, models, otherPools = [] }: FastWorldOptions) {
  const folder = await tempFolder('bad-day');
  onTestFinished(() => folder.remove());
  const files = keys.map((_, at) => join(folder.path, `key-${at}`));
  const replaceKeys = async (secrets: readonly string[]): Promise<void> => {
    const write = (file: string, at: number) => writeFile(file, `${secrets[at]!}\n`, { mode: 0o600 });
    await Promise.all(files.map(write));
  };
  await replaceKeys(keys);
  const poolsFile = join(folder.path, 'pools.json');
  const pool = { name: 'default', models, keys: files.map((keyFile) => ({ keyFile, requestsPerMinute })) };
  const others = otherPools.map((other) => ({ ...other, keys: other.keys.map((key) => ({ key, requestsPerMinute })) }));
  await writeFile(poolsFile, JSON.stringify({ pools: [pool, ...others] }), { mode: 0o600 });
  return { poolsFile, replaceKeys };
}
