// The controller process: follows the stream and the heartbeats, and moves tasks while it leads.

import {
  natsHeartbeats,
  natsKeyRing,
  natsLeadership,
  natsPoolRegistry,
  natsScrapeMarks,
  provisionNats,
  storageOf,
  watchConnectionLosses,
} from '../adapters/nats/index.ts';
import { loadPools } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import { startController } from '../controller/controller.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { DiskWatch } from '../ports/storageHealth.ts';
import type { Follower } from '../readmodel/follower.ts';
import { createControllerMetrics } from '../telemetry/metrics.ts';
import { openArtifacts } from './artifacts.ts';
import {
  natsSettings,
  startProcess,
  type ProcessContext,
  type RunningProcess,
  type StartedProcess,
} from './bootstrap.ts';
import { openLog } from './openPorts.ts';
import { poolShares } from './poolShares.ts';

export function startControllerProcess(
  settings: Settings,
  signal: AbortSignal,
  disk?: DiskWatch,
  onFollower: (follower: Follower) => void = () => undefined,
): Promise<StartedProcess> {
  const pools = loadPools(settings);
  return startProcess('controller', { settings, pools, signal, disk }, (context) =>
    control(settings, context, signal, onFollower),
  );
}

async function control(
  settings: Settings,
  context: ProcessContext,
  signal: AbortSignal,
  onFollower: (follower: Follower) => void,
): Promise<RunningProcess> {
  const { name, link, logger, registry, resources } = context;
  const { retentionMs, reconnectHoldMs, heartbeatTimeoutMs } = settings;
  await provisionNats(link, { retentionMs, signal });
  const { clock, log, follower, queue } = await openLog(context, retentionMs);
  onFollower(follower);
  // An object store of NATS drops what has expired by itself.
  const artifacts = settings.artifactStore === 's3' ? await openArtifacts(context, settings, clock) : undefined;
  const stop = resources.own('connection events', new AbortController(), (it) => it.abort());
  const listening = { holdMs: reconnectHoldMs, signal: stop.signal, log: logger };
  const losses = watchConnectionLosses(natsSettings(settings, name), listening);
  const pools = await natsPoolRegistry(link);
  const shares = poolShares(pools, link.closing);
  const controller = startController({
    name,
    log,
    queue,
    heartbeats: natsHeartbeats(link, { losses }),
    leadership: await natsLeadership(link),
    pools,
    keys: await natsKeyRing(link, { keys: {}, limits: (of) => shares(of).limits ?? {}, clock }),
    storage: storageOf(link),
    marks: natsScrapeMarks(link),
    ...(artifacts?.sweep === undefined ? {} : { sweepArtifacts: artifacts.sweep }),
    clock,
    follower,
    metrics: createControllerMetrics(registry),
    logger,
    tracer: context.tracer,
    heartbeatTimeoutMs,
  });
  resources.own('controller', controller, (it) => it.close());
  context.onScrape(() => controller.scraped());
  logEvent(logger, 'controller_started', { controller: name }, 'controller started');
  return { ready: () => [follower.ready()] };
}
