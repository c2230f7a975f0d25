// A complete installation on one machine: nats-server as a child process, the Gemini stand-in if no key is set, and one
// api, worker and controller in this process.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../async/sleep.ts';
import type { DescribedSetting } from '../../config/describe.ts';
import type { ResolvedSetting } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { providerNames } from '../../job/providers.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { startStandin, type Standin } from '../../standin/standin.ts';
import type { Logger } from '../../telemetry/log.ts';
import { startApiProcess } from '../api.ts';
import type { StartedProcess } from '../bootstrap.ts';
import { startControllerProcess } from '../controller.ts';
import { Resources } from '../resources.ts';
import { startWorkerProcess } from '../worker.ts';
import { commandLine } from './childProcess.ts';
import { guardDisk } from './diskGuard.ts';
import { withReserve } from './diskReserve.ts';
import { startEmbeddedNats } from './natsServer.ts';
import { devWebhooks } from './webhooks.ts';

export interface Stack {
  /** The API. */
  readonly url: string;
  /** The console; undefined if it is off. */
  readonly consoleUrl: string | undefined;
  /** The effective settings, with the real addresses of NATS and the provider. */
  readonly settings: Settings;
  readonly standin: Standin | undefined;
  /** Starts another worker with other settings; the stack closes it. */
  addWorker(settings: Settings): Promise<void>;
  readonly finished: Promise<string>;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly settings: Settings;
  /** The settings as `GET /v1/settings` shows them. */
  readonly described: readonly DescribedSetting[];
  /** Connect to the NATS of the settings instead of starting one. */
  readonly externalNats: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export async function startStack({ settings, described, externalNats, logger, signal }: StackOptions): Promise<Stack> {
  const resources = new Resources();
  let natsDied: Promise<unknown> = new Promise(() => undefined);
  const close = async (): Promise<void> => {
    const message = 'stopping: running tasks get a few seconds; press Ctrl-C again to exit immediately';
    logEvent(logger, 'dev_stopping', {}, message);
    const closed = resources.close((name, err) =>
      logEvent(logger, 'process_part_not_closed', { name, err }, `${name} did not close cleanly`),
    );
    // Once nats-server has exited, the processes would wait for answers that never come.
    await Promise.race([closed, natsDied.then(() => sleep(1_000))]);
  };
  try {
    const unlock = await withReserve(settings.dataDir, () => lockDataFolder(settings.dataDir));
    resources.own('data folder', unlock, () => unlock());
    const nats = externalNats ? undefined : await embeddedNats(settings, resources, logger);
    natsDied = nats === undefined ? natsDied : nats.died.catch(() => undefined);
    const standin = await standinFor(settings, resources, logger);
    const given = nats === undefined ? settings : { ...settings, nats: { ...settings.nats, ...nats.settings } };
    const running = { ...inDev(given, standin), webhooks: await devWebhooks(settings, logger) };
    const own = async (name: string, started: Promise<StartedProcess>): Promise<StartedProcess> =>
      resources.own(name, await started, (it) => it.close());
    await own('controller', startControllerProcess(onPort(running, 2), signal, nats?.disk));
    const worker = await own('worker', startWorkerProcess(onPort(running, 1), signal, nats?.disk));
    const api = await own('api', startApiProcess(onPort(running, 0), signal, { described, disk: nats?.disk }));
    return {
      url: api.url!,
      consoleUrl: settings.console === 'on' ? consoleAt(settings.http.publicUrl ?? api.url!) : undefined,
      settings: running,
      standin,
      addWorker: async (other) => void (await own('worker', startWorkerProcess(other, signal, nats?.disk))),
      finished: Promise.race([worker.finished, ...(nats === undefined ? [] : [nats.died])]),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const consoleAt = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** True if a flag or variable names a NATS server, so that none is started here. */
export function natsIsGiven(resolved: readonly ResolvedSetting[]): boolean {
  return resolved.some(({ definition, source }) => definition.name === 'NATS_URL' && source.kind !== 'default');
}

/**
 * Locks the data folder, which one process can use at a time, and returns the function that unlocks it. Throws
 * `DataDirInUse` while another Genwarden process uses it.
 */
async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'dev.pid');
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  if (holder > 0 && holder !== process.pid && /genwarden|cli\/main/.test(commandLine(holder))) {
    throw new GenwardenError('DataDirInUse', `Process ${holder} uses the data folder ${folder}`);
  }
  await writeFile(file, String(process.pid));
  return () => rm(file, { force: true });
}

async function embeddedNats(settings: Settings, resources: Resources, logger: Logger) {
  const server = resources.own('nats-server', await startEmbeddedNats(settings.dataDir, settings.nats.server), (it) =>
    it.close(),
  );
  logEvent(
    logger,
    'nats_server_started',
    { url: server.url, folder: settings.dataDir },
    `nats-server on ${server.url}, storage in ${settings.dataDir}`,
  );
  const guard = await guardDisk({ dataDir: settings.dataDir, server, logger });
  const disk = resources.own('disk guard', guard, (it) => it.close());
  return { settings: { urls: [server.url], ...server.login }, died: server.died, disk };
}

/** The stand-in replaces the provider unless a key, a pools file or another address is set. */
async function standinFor(settings: Settings, resources: Resources, logger: Logger): Promise<Standin | undefined> {
  const { poolsFile, standinLatencyMs } = settings;
  const isSet = providerNames.some((name) => settings[name].apiKeys.length > 0 || settings[name].baseUrl !== undefined);
  if (isSet || poolsFile !== undefined) return undefined;
  const standin = resources.own('stand-in', await startStandin({ latencyMs: standinLatencyMs }), (it) => it.close());
  const message = `no API key is set: the Gemini stand-in on ${standin.url} generates the images`;
  logEvent(logger, 'standin_started', { url: standin.url }, message);
  return standin;
}

/** The settings with the stand-in as provider, which has no rate limit. */
export function withStandin(settings: Settings, standin: Standin | undefined): Settings {
  if (standin === undefined) return settings;
  const gemini = { ...settings.gemini, apiKeys: ['stand-in'], baseUrl: standin.url, requestsPerMinute: 6_000 };
  return { ...settings, gemini };
}

/** Ctrl-C at a terminal should end `dev` in seconds; a cluster waits longer for running tasks. */
function inDev(settings: Settings, standin: Standin | undefined): Settings {
  const base = withStandin(settings, standin);
  return { ...base, drainTimeoutMs: Math.min(base.drainTimeoutMs, 5_000) };
}

/** A configured metrics port is the API's; the worker and the controller take the next two. */
function onPort(settings: Settings, offset: number): Settings {
  const { metricsPort } = settings;
  return metricsPort === undefined || metricsPort === 0 ? settings : { ...settings, metricsPort: metricsPort + offset };
}
