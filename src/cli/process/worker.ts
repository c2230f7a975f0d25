// The worker process: declares its pool, then claims and runs the pool’s tasks until it is told to stop.

import { hostname } from 'node:os';
import { geminiProvider } from '../../adapters/gemini/provider.ts';
import {
  natsArtifactStore,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsPoolRegistry,
  natsTaskQueue,
} from '../../adapters/nats/index.ts';
import { loadPools, type PoolSettings } from '../../config/pools.ts';
import type { Settings } from '../../config/settings.ts';
import { GenwardenError } from '../../job/errors.ts';
import { createWorkerMetrics } from '../../telemetry/metrics.ts';
import { startWorker } from '../../worker/worker.ts';
import { openHull } from './hull.ts';
import { processName } from './processName.ts';
import { readiness } from './readiness.ts';
import type { StartedProcess } from './started.ts';

export async function startWorkerProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  const pools = loadPools(settings);
  const pool = poolNamed(settings.pool, pools);
  const name = processName('worker', hostname());
  const hull = await openHull('worker', name, settings, pools, signal);
  const { link, logger, closing } = hull;
  try {
    const { retentionMs, heartbeatTimeoutMs, drainTimeoutMs } = settings;
    const clock = closing.own('clock', await natsClock(link), (it) => it.close());
    const registry = await natsPoolRegistry(link);
    await registry.declare({ name: pool.name, provider: pool.provider, models: pool.models, policy: pool.policy });
    if (pool.keys.length === 0) logger.warn({ pool: pool.name }, `pool ${pool.name} has no key: its tasks stay queued`);
    const worker = startWorker({
      name,
      pool: pool.name,
      concurrency: pool.concurrency,
      log: await natsJobLog(link, { retentionMs }),
      queue: closing.own('queue', natsTaskQueue(link), (it) => it.close()),
      heartbeats: closing.own('heartbeats', natsHeartbeats(link), (it) => it.close()),
      artifacts: await natsArtifactStore(link, { retentionMs }),
      keys: closing.own('keys', await natsKeyRing(link, { [pool.name]: pool.keys }), (it) => it.close()),
      provider: geminiProvider({ baseUrl: pool.baseUrl, apiVersion: pool.apiVersion }),
      clock,
      metrics: createWorkerMetrics(hull.registry),
      logger,
      heartbeatTimeoutMs,
      drainTimeoutMs,
    });
    closing.own('worker', worker, (it) => it.drain());
    hull.probes = {
      live: () => (worker.health().live ? true : worker.health().reason),
      ready: () => readiness(link.connected()),
    };
    return { close: () => closing.close(), finished: worker.finished.then(() => worker.health().reason) };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function poolNamed(name: string, pools: readonly PoolSettings[]): PoolSettings {
  const pool = pools.find((one) => one.name === name);
  if (pool !== undefined) return pool;
  const known = pools.map((one) => one.name).join(', ');
  throw new GenwardenError('InvalidConfiguration', `GENWARDEN_POOL=${name}: the pools file has only ${known}`);
}
