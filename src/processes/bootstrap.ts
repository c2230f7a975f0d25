// The common start and shutdown of every process: log, metrics on a separate port, connection to NATS, readiness, and
// closing everything in order.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { storageOf } from '../adapters/nats/jetstream/storageHealth.ts';
import { retryKeptSettings } from '../adapters/nats/provision.ts';
import { connectNats, type NatsLink, type NatsSettings } from '../adapters/nats/link/connection.ts';
import type { PoolSettings } from '../config/pools.ts';
import { storageAdvice, storageTitle, type FullStorage } from '../job/storage.ts';
import { providerNames } from '../job/providers.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { DiskWatch } from '../ports/storageHealth.ts';
import { reportStorage } from './reportStorage.ts';
import { metricsPortOf, type Settings } from '../config/settings.ts';
import { receiverOf } from '../config/tracingSettings.ts';
import { version } from '../config/version.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { createProcessMetrics } from '../telemetry/metrics.ts';
import type { TracingOptions } from '../telemetry/tracing/options.ts';
import { startTracing } from '../telemetry/tracing/start.ts';
import type { Tracer } from '../telemetry/tracing/tracer.ts';
import { startTelemetryServer, type Readiness, type TelemetryOptions } from '../telemetry/server.ts';
import { Resources } from './resources.ts';

export type ProcessKind = 'api' | 'worker' | 'controller' | 'operator';

export interface ProcessContext {
  /** Unique for each start: heartbeats, leadership and NATS connections carry it. */
  readonly name: string;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** Keeps these texts out of the log from now on. */
  readonly hideSecrets: (secrets: readonly string[]) => void;
  readonly registry: Registry;
  /** See `TelemetryOptions.scraped`. */
  readonly onScrape: (scraped: NonNullable<TelemetryOptions['scraped']>) => void;
  /** Closed in reverse order when the process ends. */
  readonly resources: Resources;
  readonly link: NatsLink;
  /** Serves `/metrics`. */
  readonly telemetryUrl: string;
}

/** What each kind of process adds: its liveness and readiness, and the end of a process that must be replaced. */
export interface RunningProcess {
  /** False or the reason if the process must be restarted; default: always live. */
  readonly live?: () => boolean | string;
  /** Each part that must be ready, apart from the connection to NATS. */
  readonly ready?: () => readonly { ready: boolean; reason: string }[];
  /** Resolves with the reason when the process must be replaced; default: never. */
  readonly finished?: Promise<string>;
  /** The address that users connect to, if the process has one. */
  readonly url?: string;
}

export interface StartedProcess {
  /** Shuts down in order: accepts no new work, finishes running work or returns it to the queue, closes the connections. */
  close(): Promise<void>;
  /** Resolves with the reason when the process must be replaced; for most processes never. */
  readonly finished: Promise<string>;
  readonly url?: string;
  /** Unique for each start; see `ProcessContext`. */
  readonly name: string;
}

export interface ProcessSettings {
  readonly settings: Settings;
  /** Their keys are kept out of the log. */
  readonly pools: readonly PoolSettings[];
  /** Aborts the wait for NATS. */
  readonly signal: AbortSignal;
  /** Of the NATS server, if it runs next to this process. */
  readonly disk?: DiskWatch | undefined;
}

/**
 * Opens the metrics port immediately, waits for NATS without a time limit, then runs `start`. The process is not ready
 * until `start` has returned. Throws what `start` throws, the signal's reason if the wait is aborted, and without waiting
 * any permanent error such as `PortInUse` or `NatsTooOld`. Everything opened so far is closed first.
 */
export async function startProcess(
  kind: ProcessKind,
  options: ProcessSettings,
  start: (context: ProcessContext) => Promise<RunningProcess>,
): Promise<StartedProcess> {
  const resources = new Resources();
  try {
    const { context, setProbes } = await bootstrap(kind, options, resources);
    const { live = () => true, ready = () => [], finished = neverFinished, url } = await start(context);
    const { link } = context;
    // Without users in NATS, every process may change the streams, not only the controller.
    const { retentionMs } = options.settings;
    resources.own('stream settings', retryKeptSettings(link, { retentionMs }), (it) => it.close());
    setProbes({
      live,
      ready: () => ({ ...readiness(link, ready()), ...remarksOn(storageOf(link).full(), link.kept) }),
    });
    return { name: context.name, close: () => resources.close(), finished, ...(url === undefined ? {} : { url }) };
  } catch (error) {
    await resources.close();
    throw error;
  }
}

const neverFinished: Promise<string> = new Promise(() => undefined);

interface Probes {
  readonly live: () => boolean | string;
  readonly ready: () => Readiness;
}

async function bootstrap(
  kind: ProcessKind,
  { settings, pools, signal, disk }: ProcessSettings,
  resources: Resources,
): Promise<{ context: ProcessContext; setProbes: (probes: Probes) => void }> {
  const name = processName(kind, hostname());
  const secrets = new Set(secretsOf(settings, pools));
  const logger = createLogger({ ...settings.log, process: kind, secrets });
  const registry = new Registry();
  const metrics = createProcessMetrics(registry, { version, process: kind });
  let scraped: TelemetryOptions['scraped'];
  let probes: Probes = { live: () => true, ready: () => notReady('waiting for NATS') };
  const telemetry = await startTelemetryServer({
    host: settings.metricsHost,
    port: metricsPortOf(settings, kind),
    registry,
    scraped: () => scraped?.() ?? (() => undefined),
    live: () => probes.live(),
    ready: () => Promise.resolve(probes.ready()),
  });
  resources.own('metrics', telemetry, (server) => server.close());
  logEvent(logger, 'metrics_listening', { url: telemetry.url, version }, `metrics on ${telemetry.url}/metrics`);
  const tracing = await startTracing(tracingOf(settings, kind, name, logger));
  // Closed after what makes spans.
  resources.own('traces', tracing, (it) => it.close());
  const link = await connectNats(natsSettings(settings, name), { signal, log: logger });
  resources.own('nats', link, (connection) => connection.close());
  metrics.natsConnected.set(1);
  link.onStatus((status) => metrics.natsConnected.set(status === 'reconnected' ? 1 : 0));
  const storage = storageOf(link);
  reportStorage(storage, logger, metrics);
  if (disk !== undefined) resources.own('disk watch', disk.onChange(followDisk), (stop) => stop());
  function followDisk(): void {
    storage.keepReserve(disk?.onReserve());
  }
  const { waiting } = link;
  probes = { live: () => true, ready: () => notReady(...(waiting.size > 0 ? waiting : ['starting'])) };
  const hideSecrets = (more: readonly string[]): void => more.forEach((secret) => secrets.add(secret));
  const onScrape: ProcessContext['onScrape'] = (listener) => (scraped = listener);
  const telemetryUrl = telemetry.url;
  const { tracer } = tracing;
  const context = { name, logger, tracer, hideSecrets, registry, onScrape, resources, link, telemetryUrl };
  return { context, setProbes: (next) => (probes = next) };
}

const notReady = (...reasons: string[]): Readiness => ({ ready: false, reasons });

function readiness(link: NatsLink, parts: readonly { ready: boolean; reason: string }[]): Readiness {
  const rejection = link.rejected();
  const why = rejection === undefined ? '' : `, which rejects the login (${rejection})`;
  const reasons = [
    ...(link.connected() ? [] : [`not connected to NATS${why}`]),
    ...parts.filter(({ ready }) => !ready).map(({ reason }) => reason),
  ];
  return { ready: reasons.length === 0, reasons };
}

/** A process is ready although storage takes nothing: what needs none of it continues, and other processes could do no more. */
function remarksOn(full: FullStorage | undefined, kept: ReadonlyMap<string, string>): Pick<Readiness, 'remarks'> {
  const storage = full === undefined ? [] : [`${storageTitle(full)} (${full.words}). ${storageAdvice(full)}`];
  const remarks = [...storage, ...kept.values()];
  return remarks.length === 0 ? {} : { remarks };
}

/** `worker-<host>-<8 hexadecimal digits>`: safe in a subject. The name of a host, or of a pod of a Deployment, has at most 63 characters. */
function processName(kind: ProcessKind, host: string): string {
  const place = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 63);
  return `${kind}-${place}-${randomBytes(4).toString('hex')}`;
}

/** The settings of one connection, under the name that NATS shows for it. */
export const natsSettings = (settings: Settings, name: string): NatsSettings => ({ ...settings.nats, name });

function tracingOf({ tracing }: Settings, kind: ProcessKind, instance: string, logger: Logger): TracingOptions {
  const { serviceName = tracing.resourceAttributes?.['service.name'] ?? `genwarden-${kind}` } = tracing;
  return { ...tracing, receiver: receiverOf(tracing), serviceName, instance, version, logger };
}

function secretsOf(settings: Settings, pools: readonly PoolSettings[]): string[] {
  const keys = pools.flatMap((pool) => pool.keys.map(({ secret }) => secret));
  const { nats, client, oidc, tracing } = settings;
  const flat = providerNames.flatMap((name) => settings[name].apiKeys);
  const all = [
    nats.password,
    nats.systemPassword,
    client.token,
    oidc.clientSecret,
    ...flat,
    ...keys,
    ...Object.values(tracing.headers ?? {}),
  ];
  return all.filter((secret): secret is string => secret !== undefined);
}
