// The worker process: declares its pool, then claims and runs the pool's tasks until it is told to stop.

import { hostname } from 'node:os';
import { untilAborted } from '../async/abort.ts';
import { geminiProvider } from '../adapters/gemini/provider.ts';
import {
  answerRollCalls,
  natsArtifactStore,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsPoolRegistry,
  natsTaskQueue,
  type NatsLink,
} from '../adapters/nats/index.ts';
import { declarationOf, loadPools, type PoolSettings } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import { createWorkerMetrics } from '../telemetry/metrics.ts';
import { startWorker } from '../worker/worker.ts';
import { version } from '../config/version.ts';
import { openHull } from './bootstrap.ts';
import { processName } from './processName.ts';
import { saySkipped } from './skipped.ts';
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
    const clock = await natsClock(link);
    const onSkipped = saySkipped(logger);
    const registry = await natsPoolRegistry(link);
    await registry.declare(declarationOf(pool));
    if (pool.keys.length === 0) logger.warn({ pool: pool.name }, `pool ${pool.name} has no key: its tasks stay queued`);
    const worker = startWorker({
      name,
      pool: pool.name,
      concurrency: pool.concurrency,
      log: await natsJobLog(link, { retentionMs, now: clock.now, onSkipped }),
      queue: closing.own('queue', natsTaskQueue(link, { onSkipped }), (it) => it.close()),
      heartbeats: natsHeartbeats(link),
      artifacts: await natsArtifactStore(link, { retentionMs, clock }),
      keys: await keysOf(pool, link, clock),
      provider: geminiProvider({ baseUrl: pool.baseUrl, apiVersion: pool.apiVersion }),
      clock,
      metrics: createWorkerMetrics(hull.registry),
      logger,
      heartbeatTimeoutMs,
      drainTimeoutMs,
      models: [...pool.models.image, ...pool.models.text],
      version,
    });
    closing.own('worker', worker, (it) => it.drain());
    // Names the new connection at once: until then its loss would be nobody's.
    link.onStatus((status) => status === 'reconnected' && worker.beat());
    answerRollCalls(link, () => worker.beat());
    logger.info({ worker: name, pool: pool.name }, 'worker started');
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

/** The pool's key ring; without any key it never gives one, so that tasks stay queued and say so. */
async function keysOf({ name, keys }: PoolSettings, link: NatsLink, clock: Clock): Promise<KeyRing> {
  const ring = await natsKeyRing(link, { keys: { [name]: keys }, clock });
  return keys.length > 0
    ? ring
    : { ...ring, acquire: (_pool, signal) => untilAborted(new Promise<never>(() => undefined), signal) };
}
