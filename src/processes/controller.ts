// The controller process: follows the stream and the heartbeats, and moves tasks while it leads.

import { hostname } from 'node:os';
import {
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsLeadership,
  natsPoolRegistry,
  natsTaskQueue,
  provisionNats,
  watchConnectionLosses,
} from '../adapters/nats/index.ts';
import { loadPools } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import { startController } from '../controller/controller.ts';
import { startFollower } from '../readmodel/follower.ts';
import { createControllerMetrics } from '../telemetry/metrics.ts';
import { natsSettings, openHull } from './bootstrap.ts';
import { processName } from './processName.ts';
import { returnMemory } from './returnMemory.ts';
import { saySkipped } from './skipped.ts';
import { readiness } from './readiness.ts';
import { neverFinished, type StartedProcess } from './started.ts';

export async function startControllerProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  const name = processName('controller', hostname());
  const hull = await openHull('controller', name, settings, loadPools(settings), signal);
  const { link, logger, closing } = hull;
  try {
    await provisionNats(link, { retentionMs: settings.retentionMs, signal });
    const clock = await natsClock(link);
    const onSkipped = saySkipped(logger);
    const log = await natsJobLog(link, { retentionMs: settings.retentionMs, now: clock.now, onSkipped });
    const queue = closing.own('queue', natsTaskQueue(link, { onSkipped }), (it) => it.close());
    const stop = closing.own('connection events', new AbortController(), (it) => it.abort());
    const listening = { holdMs: settings.reconnectHoldMs, signal: stop.signal, log: logger };
    const losses = watchConnectionLosses(natsSettings(settings, name), listening);
    const heartbeats = natsHeartbeats(link, { losses });
    const follower = closing.own(
      'follower',
      startFollower({ log, clock, logger, onFirstCurrent: returnMemory }),
      (it) => it.close(),
    );
    const controller = startController({
      name,
      log,
      queue,
      heartbeats,
      leadership: await natsLeadership(link),
      pools: await natsPoolRegistry(link),
      keys: await natsKeyRing(link, { keys: {}, clock }),
      clock,
      follower,
      metrics: createControllerMetrics(hull.registry),
      logger,
      heartbeatTimeoutMs: settings.heartbeatTimeoutMs,
    });
    closing.own('controller', controller, (it) => it.close());
    logger.info({ controller: name }, 'controller started');
    hull.probes = { live: () => true, ready: () => readiness(link.connected(), follower.ready()) };
    return { close: () => closing.close(), finished: neverFinished };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
