// The api process: opens its port immediately, then connects to NATS, follows the stream and serves requests.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { natsInstallationProbe, natsLinkKeys, natsRequestCounts, storageOf } from '../adapters/nats/index.ts';
import { buildApi } from '../api/app.ts';
import { packageFolder } from '../config/packageFolder.ts';
import { loadPools } from '../config/pools.ts';
import type { DescribedSetting } from '../config/describe.ts';
import type { Settings } from '../config/settings.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { createApiMetrics } from '../telemetry/metrics.ts';
import type { DiskWatch } from '../ports/storageHealth.ts';
import { followActivity } from '../readmodel/activity/activityWindow.ts';
import { version } from '../config/version.ts';
import { apiAccess } from './apiAccess.ts';
import { startProcess, type ProcessContext, type RunningProcess, type StartedProcess } from './bootstrap.ts';
import { openListener, type Listener } from './listener.ts';
import { servesKubernetes, startJobsApi } from './jobsApi.ts';
import { openLog, openPorts } from './openPorts.ts';
import { openWebhooks } from './webhooks.ts';

const consoleFolder = new URL('dist/console/', packageFolder);

export interface ApiProcessOptions {
  /** The settings as `GET /v1/settings` shows them. */
  readonly described?: readonly DescribedSetting[];
  readonly disk?: DiskWatch | undefined;
}

export async function startApiProcess(
  settings: Settings,
  signal: AbortSignal,
  { described, disk }: ApiProcessOptions = {},
): Promise<StartedProcess> {
  const listener = await openListener(settings.http);
  try {
    const pools = loadPools(settings);
    return await startProcess('api', { settings, pools, signal, disk }, (context) =>
      serve(settings, context, listener, described),
    );
  } catch (error) {
    await listener.close();
    throw error;
  }
}

/** What the index holds for `kubectl get`, which shows all jobs. */
const allJobs = { messages: 1_000_000, finishedJobs: 200_000 };

async function serve(
  settings: Settings,
  context: ProcessContext,
  listener: Listener,
  described: readonly DescribedSetting[] = [],
): Promise<RunningProcess> {
  const { link, logger, registry, resources, telemetryUrl } = context;
  const { retentionMs, heartbeatTimeoutMs, http } = settings;
  resources.own('listener', listener, (it) => it.close());
  const opened = await openLog(context, retentionMs, servesKubernetes(settings) ? allJobs : undefined);
  const { clock, follower } = opened;
  // Before anything is awaited, so that the follower has not read anything yet.
  const activity = followActivity(follower, clock.now);
  const ports = await openPorts(context, settings, opened);
  const linkKeys = natsLinkKeys(link, clock);
  const metrics = createApiMetrics(registry);
  const app = buildApi({
    ...ports,
    activity,
    storage: storageOf(link),
    installation: natsInstallationProbe(link, { retentionMs, urls: settings.nats.urls }),
    linkKeys,
    requestCounts: natsRequestCounts(link),
    metrics,
    ...openWebhooks(context, settings, { ...ports, linkKeys, metrics, listenerUrl: listener.url }),
    logger,
    tracer: context.tracer,
    traceUrl: settings.tracing.traceUrl,
    ...apiAccess(settings, context, clock),
    settings: described,
    retentionMs,
    heartbeatTimeoutMs,
    ...(http.publicUrl === undefined ? {} : { publicUrl: http.publicUrl }),
    corsOrigins: http.corsOrigins,
    listensOn: http.host,
    processName: context.name,
    hostname: hostname(),
    random: randomBytes,
    metricsUrl: `${telemetryUrl}/metrics`,
    consoleFolder: settings.console === 'on' ? consoleFolder : undefined,
    version,
  });
  resources.own('app', app, (it) => it.close());
  await app.ready();
  startJobsApi(settings, context, ports);
  listener.serve((request, response) => app.routing(request, response));
  logEvent(logger, 'api_listening', { url: listener.url }, `API on ${listener.url}`);
  return { ready: () => [follower.ready()], url: listener.url };
}
