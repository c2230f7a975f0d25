// The api process: listens at once, then connects, follows the stream and answers.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  natsArtifactStore,
  natsHeartbeats,
  natsInstallationProbe,
  natsKeyRing,
  natsPoolRegistry,
} from '../adapters/nats/index.ts';
import { buildApi } from '../api/app.ts';
import { openKubernetesTokens } from '../api/auth/kubernetes/kubernetesTokens.ts';
import { kubernetesPlace } from '../adapters/kubernetes/place.ts';
import { openTokenStore, tokenStore } from '../api/auth/tokenStore.ts';
import type { ApiOptions } from '../api/options.ts';
import { loadPools } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import { createApiMetrics } from '../telemetry/metrics.ts';
import { version } from '../config/version.ts';
import { openFrontDoor, type FrontDoor } from './listener.ts';
import { openHull, type Hull } from './bootstrap.ts';
import { openLog } from './openLog.ts';
import { processName } from './processName.ts';
import { readiness } from './readiness.ts';
import { neverFinished, type StartedProcess } from './started.ts';

export async function startApiProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  const door = await openFrontDoor(settings.http);
  try {
    const hull = await openHull('api', processName('api', hostname()), settings, loadPools(settings), signal);
    hull.closing.own('listener', door, (it) => it.close());
    return await answer(settings, hull, door);
  } catch (error) {
    await door.close();
    throw error;
  }
}

async function answer(settings: Settings, hull: Hull, door: FrontDoor): Promise<StartedProcess> {
  const { link, logger, closing } = hull;
  const { retentionMs, heartbeatTimeoutMs, http } = settings;
  try {
    const { clock, log, follower, queue } = await openLog(hull, retentionMs);
    const app = buildApi({
      log,
      queue,
      heartbeats: natsHeartbeats(link),
      artifacts: await natsArtifactStore(link, { retentionMs, clock }),
      keys: await natsKeyRing(link, { keys: {}, clock }),
      pools: await natsPoolRegistry(link),
      installation: natsInstallationProbe(link, { retentionMs }),
      clock,
      follower,
      metrics: createApiMetrics(hull.registry),
      logger,
      ...accessOf(settings, hull, clock),
      retentionMs,
      heartbeatTimeoutMs,
      ...(http.publicUrl === undefined ? {} : { publicUrl: http.publicUrl }),
      corsOrigins: http.corsOrigins,
      random: randomBytes,
      version,
    });
    closing.own('app', app, (it) => it.close());
    await app.ready();
    door.open((request, response) => app.routing(request, response));
    hull.probes = { live: () => true, ready: () => readiness(link.connected(), follower.ready()) };
    logger.info({ url: door.url }, `API on ${door.url}`);
    return { close: () => closing.close(), finished: neverFinished, url: door.url };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** Whom the API lets in; without tokens of any kind everyone who reaches it. */
function accessOf(
  { auth, authTokensFile, kubernetes }: Settings,
  { logger, closing }: Hull,
  { monotonic }: Clock,
): Pick<ApiOptions, 'auth' | 'kubernetes'> {
  if (auth === 'off' || (authTokensFile === undefined && kubernetes.auth === 'off')) return { auth: 'off' };
  const tokens =
    authTokensFile === undefined
      ? tokenStore([])
      : closing.own('tokens', openTokenStore(authTokensFile, { logger }), (it) => it.close());
  if (kubernetes.auth === 'off') return { auth: tokens };
  const place = kubernetesPlace(kubernetes, process.env);
  const kubernetesTokens = openKubernetesTokens(place, monotonic);
  return { auth: tokens, kubernetes: closing.own('kubernetes tokens', kubernetesTokens, (it) => it.close()) };
}
