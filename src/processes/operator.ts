// The operator process: follows stream and heartbeats, and while it leads keeps the custom resources in line. The only one
// that loads the Kubernetes client.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  natsArtifactStore,
  natsHeartbeats,
  natsKeyRing,
  natsLeadership,
  natsPoolRegistry,
} from '../adapters/nats/index.ts';
import type { Settings } from '../config/settings.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { defaultPoolController } from '../operator/defaultPool/controller.ts';
import { readDefaultPool } from '../operator/defaultPool/poolFile.ts';
import { createEventRecorder } from '../operator/events/eventRecorder.ts';
import { generationJobController } from '../operator/generationJob/controller.ts';
import { connectCluster } from '../adapters/kubernetes/realCluster.ts';
import { createSources } from '../adapters/kubernetes/sources.ts';
import { startOperator } from '../operator/operator.ts';
import type { OperatorParts } from '../operator/parts.ts';
import { workerPoolController } from '../operator/workerPool/controller.ts';
import { createOperatorMetrics } from '../telemetry/metrics.ts';
import { version } from '../config/version.ts';
import { openHull, type Hull } from './bootstrap.ts';
import { openLog } from './openLog.ts';
import { processName } from './processName.ts';
import { readiness } from './readiness.ts';
import { neverFinished, type StartedProcess } from './started.ts';

export async function startOperatorProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  const name = processName('operator', hostname());
  const hull = await openHull('operator', name, settings, [], signal);
  const { link, logger, closing } = hull;
  try {
    const parts = await partsOf(settings, hull, name);
    const leadership = await natsLeadership(link);
    const { defaultPoolFile: file } = settings.kubernetes;
    const first = file === undefined ? [] : [defaultPoolController(readDefaultPool(file))];
    const controllers = [...first, generationJobController, workerPoolController];
    const operator = closing.own('operator', startOperator({ ...parts, name, leadership, controllers }), (it) =>
      it.close(),
    );
    const { namespace, watchNamespaces } = parts;
    logger.info({ operator: name, namespace, watchNamespaces }, 'operator started');
    hull.probes = {
      live: () => true,
      ready: () => readiness(link.connected(), parts.follower.ready(), operator.ready()),
    };
    return { close: () => closing.close(), finished: neverFinished };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function partsOf(settings: Settings, hull: Hull, name: string): Promise<OperatorParts> {
  const { link, logger, closing } = hull;
  const { retentionMs, heartbeatTimeoutMs } = settings;
  const metrics = createOperatorMetrics(hull.registry);
  const cluster = closing.own('cluster', connectCluster({ metrics, version }), (it) => it.close());
  logger.info({ server: cluster.host }, `Kubernetes API at ${cluster.host}`);
  const { clock, log, follower, queue } = await openLog(hull, retentionMs);
  const recorder = createEventRecorder({ cluster, clock, metrics, logger, instance: name });
  return {
    cluster,
    recorder: closing.own('events', recorder, (it) => it.close()),
    sources: createSources(),
    log,
    queue,
    heartbeats: natsHeartbeats(link),
    artifacts: await natsArtifactStore(link, { retentionMs, clock }),
    keys: await natsKeyRing(link, { keys: {}, clock }),
    pools: await natsPoolRegistry(link),
    clock,
    follower,
    logger,
    metrics,
    ...placeOf(settings),
    retentionMs,
    heartbeatTimeoutMs,
    random: randomBytes,
    jitter: Math.random,
  };
}

const podNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

function placeOf({ kubernetes }: Settings): Pick<OperatorParts, 'namespace' | 'watchNamespaces' | 'workerTemplate'> {
  const { namespace, watchNamespaces, workerTemplateFile } = kubernetes;
  return {
    namespace: namespace ?? ownNamespace() ?? 'default',
    watchNamespaces: watchNamespaces ?? [],
    workerTemplate: workerTemplateFile === undefined ? undefined : templateIn(workerTemplateFile),
  };
}

function ownNamespace(): string | undefined {
  try {
    return readFileSync(podNamespaceFile, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function templateIn(file: string): object {
  try {
    const template: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof template === 'object' && template !== null) return template;
    throw new Error('it is no JSON object');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GenwardenError('InvalidConfiguration', `${file} (GENWARDEN_WORKER_TEMPLATE_FILE): ${why}`, {
      cause: error,
    });
  }
}
