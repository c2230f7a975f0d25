// The operator process: follows the stream and the heartbeats, and reconciles the custom resources while it leads. Only this
// process loads the Kubernetes client.

import { randomBytes } from 'node:crypto';
import { natsLeadership, natsTombstones } from '../adapters/nats/index.ts';
import type { Settings } from '../config/settings.ts';
import { readTextFile } from '../config/textFile.ts';
import { parseExactJson } from '../job/json/exact.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { defaultPoolController, readDefaultPool } from '../operator/defaultPool.ts';
import { createEventRecorder } from '../operator/events/eventRecorder.ts';
import { generationJobController } from '../operator/generationJob/controller.ts';
import { informerFactory, installationNamespace, KubeClient, loadKubeconfig } from '../adapters/kubernetes/index.ts';
import { parseCron } from '../adapters/cron/index.ts';
import { generationScheduleController } from '../operator/schedule/controller.ts';
import { apiServiceName as jobsApiService } from '../kubeapi/resource.ts';
import { startOperator } from '../operator/operator.ts';
import type { OperatorContext } from '../operator/context.ts';
import { createProblems } from '../operator/problems.ts';
import { servingCertificateController } from '../operator/servingCertificate/controller.ts';
import { NatsAwayReporter } from '../operator/workerPool/natsAway.ts';
import { workerPoolController } from '../operator/workerPool/controller.ts';
import { createOperatorMetrics } from '../telemetry/metrics.ts';
import { version } from '../config/version.ts';
import { startProcess, type ProcessContext, type RunningProcess, type StartedProcess } from './bootstrap.ts';
import { openLog, openPorts } from './openPorts.ts';

export function startOperatorProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  return startProcess('operator', { settings, pools: [], signal }, (context) => operate(settings, context));
}

async function operate(settings: Settings, context: ProcessContext): Promise<RunningProcess> {
  const { name, link, logger, resources } = context;
  const parts = await partsOf(settings, context);
  const leadership = await natsLeadership(link);
  const { defaultPoolFile: file } = settings.kubernetes;
  const first = file === undefined ? [] : [defaultPoolController(readDefaultPool(file))];
  const served = await servedApi(settings);
  const controllers = [
    ...first,
    ...served,
    generationJobController,
    generationScheduleController,
    workerPoolController,
  ];
  const natsAway = new NatsAwayReporter(parts);
  const whileIdle = (): Promise<void> => natsAway.report();
  const operator = startOperator({ ...parts, name, leadership, controllers, whileIdle });
  resources.own('operator', operator, (it) => it.close());
  const { namespace, watchNamespaces, follower } = parts;
  logEvent(logger, 'operator_started', { operator: name, namespace, watchNamespaces }, 'operator started');
  return { ready: () => [follower.ready(), operator.ready()] };
}

/** Keeps the certificate of the aggregated API, if no other tool does. The library that makes it is loaded only then. */
async function servedApi({
  kubernetes,
}: Settings): Promise<readonly ReturnType<typeof servingCertificateController>[]> {
  const { secret, service } = kubernetes.jobsApi;
  if (secret === undefined || service === undefined) return [];
  const { issueCertificate: issue } = await import('../adapters/x509/index.ts');
  return [servingCertificateController({ name: jobsApiService, secret, service, issue })];
}

async function partsOf(settings: Settings, context: ProcessContext): Promise<OperatorContext> {
  const { name, logger, registry, resources } = context;
  const { retentionMs, heartbeatTimeoutMs } = settings;
  const metrics = createOperatorMetrics(registry);
  const kubeconfig = await loadKubeconfig('InvalidConfiguration');
  const requests = metrics.kubeRequests;
  const client = new KubeClient({ kubeconfig, program: 'genwarden-operator', version, requests });
  const cluster = resources.own('cluster', client, (it) => it.close());
  logEvent(logger, 'kubernetes_connected', { server: cluster.host }, `Kubernetes API at ${cluster.host}`);
  const ports = await openPorts(context, settings, await openLog(context, settings.retentionMs));
  const { clock } = ports;
  const problems = createProblems();
  const recorder = createEventRecorder({ cluster, clock, metrics, logger, instance: name });
  return {
    ...ports,
    tombstones: natsTombstones(context.link),
    cron: parseCron,
    cluster,
    recorder: resources.own('events', recorder, (it) => it.close()),
    startInformer: informerFactory({
      cluster,
      reportProblem: problems.report,
      logger,
      metrics,
      clock,
      jitter: Math.random,
    }),
    problems,
    logger,
    tracer: context.tracer,
    metrics,
    ...placeOf(settings),
    retentionMs,
    heartbeatTimeoutMs,
    random: randomBytes,
    jitter: Math.random,
  };
}

type Place = Pick<OperatorContext, 'installation' | 'namespace' | 'watchNamespaces' | 'workerTemplate'>;

function placeOf({ kubernetes }: Settings): Place {
  const { installation, watchNamespaces, workerTemplateFile } = kubernetes;
  const namespace = installationNamespace(kubernetes.namespace);
  return {
    // Two releases in one namespace have two names.
    installation: installation === undefined ? namespace : `${namespace}/${installation}`,
    namespace,
    watchNamespaces: watchNamespaces ?? [],
    workerTemplate: workerTemplateFile === undefined ? undefined : templateIn(workerTemplateFile),
  };
}

function templateIn(file: string): object {
  try {
    const template: unknown = parseExactJson(readTextFile(file));
    if (typeof template === 'object' && template !== null) return template;
    throw new Error('it is not a JSON object');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GenwardenError('InvalidConfiguration', `${file} (GENWARDEN_WORKER_TEMPLATE_FILE): ${why}`, {
      cause: error,
    });
  }
}
