// The worker process: declares its pool, then claims and runs the pool's tasks until it is stopped.

import { totalmem } from 'node:os';
import { excessOfAnswers } from '../adapters/provider/answerBody.ts';
import { jsonSchemaChecker } from '../adapters/jsonSchema/index.ts';
import {
  answerRollCalls,
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsKeyRing,
  natsPartialTexts,
  natsPoolRegistry,
  natsTaskQueue,
  type NatsKeyRing,
  storageOf,
} from '../adapters/nats/index.ts';
import { declarationOf, loadPools, type PoolKey, type PoolSettings } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { weightOf } from '../job/shares.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { createWorkerMetrics } from '../telemetry/metrics.ts';
import { memoryForAttempts } from '../worker/attemptMemory.ts';
import { providerProbe, type ProbeOptions } from '../worker/providerProbe.ts';
import { startWorker } from '../worker/worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { DiskWatch } from '../ports/storageHealth.ts';
import { version } from '../config/version.ts';
import type { Budget } from '../ports/keyRing.ts';
import { openArtifacts } from './artifacts.ts';
import { startProcess, type ProcessContext, type RunningProcess, type StartedProcess } from './bootstrap.ts';
import { warnSkipped } from './openPorts.ts';
import { providerFor } from './providers.ts';
import { poolShares } from './poolShares.ts';
import { answersAsStandIn } from './standIn.ts';
import { watchKeys } from './watchKeys.ts';

export async function startWorkerProcess(
  settings: Settings,
  signal: AbortSignal,
  disk?: DiskWatch,
): Promise<StartedProcess> {
  const pools = loadPools(settings);
  const pool = poolNamed(settings.pool, pools);
  return startProcess('worker', { settings, pools, signal, disk }, (context) => work(settings, context, pool));
}

async function work(settings: Settings, context: ProcessContext, pool: PoolSettings): Promise<RunningProcess> {
  const { name, link, logger, hideSecrets, registry, resources } = context;
  const { retentionMs, heartbeatTimeoutMs, drainTimeoutMs } = settings;
  const clock = await natsClock(link);
  const onSkipped = warnSkipped(logger);
  const { keys, weights } = await openPool(pool, context, clock);
  const schemas = resources.own('schema checks', jsonSchemaChecker(), (it) => it.close());
  const artifacts = await openArtifacts(context, settings, clock);
  let isStandIn = false;
  const provider = await providerFor(pool.provider, { baseUrl: pool.baseUrl, apiVersion: pool.apiVersion, schemas });
  const enabled = settings.providerCheck === 'on';
  const { probe, replaceKeys, keysInUse } = openProbe({
    provider,
    enabled,
    keys,
    pool,
    clock,
    onChange: () => worker.beat(),
  });
  resources.own('provider check', probe, (it) => it.close());
  const worker = startWorker({
    name,
    pool: pool.name,
    concurrency: pool.concurrency,
    memory: memoryForAttempts({ limit: process.constrainedMemory(), machine: totalmem(), excess: excessOfAnswers }),
    log: await natsJobLog(link, { retentionMs, now: clock.now, onSkipped }),
    queue: resources.own('queue', natsTaskQueue(link, { onSkipped, weightOf: weights }), (it) => it.close()),
    heartbeats: natsHeartbeats(link),
    texts: natsPartialTexts(link),
    storage: storageOf(link),
    artifacts,
    keys,
    provider,
    clock,
    metrics: createWorkerMetrics(registry),
    logger,
    tracer: context.tracer,
    baseUrl: pool.baseUrl,
    heartbeatTimeoutMs,
    drainTimeoutMs,
    models: [...pool.models.image, ...pool.models.text],
    ...(pool.prices === undefined ? {} : { prices: pool.prices }),
    version,
    isStandIn: () => isStandIn,
    providerCheck: () => probe.last(),
    keysInUse,
  });
  resources.own('worker', worker, (it) => it.drain());
  const stopWatching = resources.own('key files', new AbortController(), (it) => it.abort());
  const looking = resources.own('look for a stand-in', new AbortController(), (it) => it.abort());
  void answersAsStandIn(pool.baseUrl, looking.signal).then((found) => {
    isStandIn = found;
    if (found) worker.beat();
  });
  void watchKeys({ settings, pool, logger, hideSecrets, replaceKeys }, stopWatching.signal);
  // A heartbeat names the connection. Without an immediate one, the loss of a new connection could not be matched to a worker.
  link.onStatus((status) => status === 'reconnected' && worker.beat());
  answerRollCalls(
    link,
    () => worker.beat(),
    () => probe.check(),
  );
  logEvent(logger, 'worker_started', { worker: name, pool: pool.name }, 'worker started');
  return {
    live: () => (worker.health().live ? true : worker.health().reason),
    finished: worker.finished.then(() => worker.health().reason),
  };
}

/** Declares the pool, unless its WorkerPool does, and opens its keys and shares. */
async function openPool(pool: PoolSettings, { link, logger }: ProcessContext, clock: Clock) {
  const declared = await natsPoolRegistry(link);
  // The operator knows more about a pool of its WorkerPool, and newer settings than the file of this worker may have.
  if (pool.owner === undefined || declared.find(pool.name)?.owner !== pool.owner)
    await declared.declare(declarationOf(pool));
  warnWithoutKeys(pool, logger);
  const shares = poolShares(declared, link.closing);
  const keys = await natsKeyRing(link, {
    keys: { [pool.name]: pool.keys },
    budgets: { [pool.name]: budgetsOf(pool) },
    limits: (of) => shares(of).limits ?? {},
    clock,
  });
  const weights = (of: string, tenant: string): number => weightOf(shares(of), tenant);
  return { keys, weights };
}

function warnWithoutKeys(pool: PoolSettings, logger: ProcessContext['logger']): void {
  if (pool.keys.length > 0) return;
  const message = `pool ${pool.name} has no API key: its tasks stay queued`;
  logEvent(logger, 'pool_without_keys', { pool: pool.name }, message);
}

interface OpenProbe extends Omit<ProbeOptions, 'keys'> {
  readonly keys: NatsKeyRing;
  readonly pool: PoolSettings;
}

/** The check of the provider, with the keys that are in use when it is made. */
function openProbe({ keys, pool, ...options }: OpenProbe) {
  let inUse: readonly PoolKey[] = pool.keys;
  const byFingerprint = () => new Map(inUse.map(({ secret }) => [keys.fingerprint(secret), secret]));
  return {
    probe: providerProbe({ ...options, keys: byFingerprint }),
    keysInUse: (): readonly string[] => [...byFingerprint().keys()],
    replaceKeys: (of: string, next: readonly PoolKey[]): Promise<void> => {
      inUse = next;
      return keys.replaceKeys(of, next);
    },
  };
}

function poolNamed(name: string, pools: readonly PoolSettings[]): PoolSettings {
  const pool = pools.find((one) => one.name === name);
  if (pool !== undefined) return pool;
  const known = pools.map((one) => one.name).join(', ');
  throw new GenwardenError('InvalidConfiguration', `GENWARDEN_POOL=${name}: the pools file has only ${known}`);
}

function budgetsOf({ budgets = {} }: PoolSettings): { pool: Budget; tenant: Budget } {
  const { day, month, tenantDay, tenantMonth } = budgets;
  return { pool: budgetOf(day, month), tenant: budgetOf(tenantDay, tenantMonth) };
}

const budgetOf = (day: number | undefined, month: number | undefined): Budget => ({
  ...(day === undefined ? {} : { day }),
  ...(month === undefined ? {} : { month }),
});
