// What every process has around its own part: a log, metrics on a port of their own, a connection to NATS, an orderly end.

import { Registry } from 'prom-client';
import { connectNats, type NatsLink, type NatsSettings } from '../adapters/nats/link/connection.ts';
import type { PoolSettings } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import { metricsPortOf } from '../config/settings.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { createProcessMetrics } from '../telemetry/metrics.ts';
import { startTelemetryServer, type Readiness } from '../telemetry/server.ts';
import { Closing } from './closing.ts';
import { version } from '../config/version.ts';

export type ProcessName = 'api' | 'worker' | 'controller' | 'operator';

export interface Hull {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly closing: Closing;
  readonly link: NatsLink;
  /** Replaces the answers of `/healthz` and `/readyz` once the process has its part. */
  probes: Probes;
}

export interface Probes {
  readonly live: () => boolean | string;
  readonly ready: () => Readiness;
}

/**
 * Opens the metrics port at once, then waits for NATS for as long as it takes; readiness is false until then. Throws the
 * signal's reason when the wait is given up, and `PortInUse`, `NatsTooOld` and the like at once.
 */
export async function openHull(
  process: ProcessName,
  name: string,
  settings: Settings,
  pools: readonly PoolSettings[],
  signal: AbortSignal,
): Promise<Hull> {
  const logger = createLogger({ ...settings.log, process, secrets: secretsOf(settings, pools) });
  const closing = new Closing();
  const registry = new Registry();
  const metrics = createProcessMetrics(registry, { version, process });
  const hull = { logger, registry, closing, probes: waitingForNats };
  try {
    const telemetry = await startTelemetryServer({
      host: settings.metricsHost,
      port: metricsPortOf(settings, process),
      registry,
      live: () => hull.probes.live(),
      ready: () => Promise.resolve(hull.probes.ready()),
    });
    closing.own('metrics', telemetry, (server) => server.close());
    logger.info({ url: telemetry.url, version }, `metrics on ${telemetry.url}/metrics`);
    const link = await connectNats(natsSettings(settings, name), { signal, log: logger });
    closing.own('nats', link, (connection) => connection.close());
    metrics.natsConnected.set(1);
    link.onStatus((status) => metrics.natsConnected.set(status === 'reconnected' ? 1 : 0));
    hull.probes = starting(link);
    return Object.assign(hull, { link });
  } catch (error) {
    await closing.close();
    throw error;
  }
}

const waitingForNats: Probes = {
  live: () => true,
  ready: () => ({ ready: false, reasons: ['waiting for NATS'] }),
};

/** Until the process has its part: what it waits for. */
const starting = ({ waiting }: NatsLink): Probes => ({
  live: () => true,
  ready: () => ({ ready: false, reasons: waiting.size > 0 ? [...waiting] : ['starting'] }),
});

/** The settings of one connection, under the name that NATS shows for it. */
export const natsSettings = (settings: Settings, name: string): NatsSettings => ({ ...settings.nats, name });

function secretsOf({ nats, gemini, openai, client }: Settings, pools: readonly PoolSettings[]): string[] {
  const keys = pools.flatMap((pool) => pool.keys.map(({ secret }) => secret));
  const all = [nats.password, nats.systemPassword, client.token, ...gemini.apiKeys, ...openai.apiKeys, ...keys];
  return all.filter((secret): secret is string => secret !== undefined);
}
