// Everything on one machine: nats-server as a child process, the Gemini stand-in where no key is set, and one api, worker
// and controller in this process.

import { setTimeout } from 'node:timers/promises';
import type { ResolvedSetting } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
import { startStandin, type Standin } from '../../standin/standin.ts';
import type { Logger } from '../../telemetry/log.ts';
import { Closing } from '../closing.ts';
import { startApiProcess } from '../api.ts';
import { startControllerProcess } from '../controller.ts';
import type { StartedProcess } from '../started.ts';
import { startWorkerProcess } from '../worker.ts';
import { takeDataFolder } from './dataFolder.ts';
import { startEmbeddedNats } from './natsServer.ts';

export interface Stack {
  /** The API. */
  readonly url: string;
  /** The settings as the stack runs with: where NATS and the provider really are. */
  readonly settings: Settings;
  readonly standin: Standin | undefined;
  /** Starts a further worker with other settings, owned by the stack. */
  addWorker(settings: Settings): Promise<void>;
  readonly finished: Promise<string>;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly settings: Settings;
  /** Use the NATS of the settings instead of one of our own. */
  readonly externalNats: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export async function startStack({ settings, externalNats, logger, signal }: StackOptions): Promise<Stack> {
  const closing = new Closing();
  let natsDied: Promise<unknown> = new Promise(() => undefined);
  const close = async (): Promise<void> => {
    logger.info('stopping: running tasks get a few seconds; a second Ctrl-C ends at once');
    const closed = closing.close((name, err) => logger.warn({ err }, `${name} did not close cleanly`));
    // Ctrl-C reaches nats-server as well: without it nobody answers, and there is nothing to wait for.
    await Promise.race([closed, natsDied.then(() => setTimeout(1_000))]);
  };
  try {
    closing.own('data folder', await takeDataFolder(settings.dataDir), (giveBack) => giveBack());
    const nats = externalNats ? undefined : await embeddedNats(settings, closing, logger);
    natsDied = nats === undefined ? natsDied : nats.died.catch(() => undefined);
    const standin = await standinFor(settings, closing, logger);
    const running = inDev(
      nats === undefined ? settings : { ...settings, nats: { ...settings.nats, ...nats.settings } },
      standin,
    );
    const own = async (name: string, started: Promise<StartedProcess>): Promise<StartedProcess> =>
      closing.own(name, await started, (it) => it.close());
    await own('controller', startControllerProcess(onPort(running, 2), signal));
    const worker = await own('worker', startWorkerProcess(onPort(running, 1), signal));
    const api = await own('api', startApiProcess(onPort(running, 0), signal));
    return {
      url: api.url!,
      settings: running,
      standin,
      addWorker: async (other) => void (await own('worker', startWorkerProcess(other, signal))),
      finished: Promise.race([worker.finished, ...(nats === undefined ? [] : [nats.died])]),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Was NATS's address given by somebody, so that none of our own is wanted? */
export function natsIsGiven(resolved: readonly ResolvedSetting[]): boolean {
  return resolved.some(({ definition, source }) => definition.name === 'NATS_URL' && source.kind !== 'default');
}

async function embeddedNats(settings: Settings, closing: Closing, logger: Logger) {
  const server = closing.own('nats-server', await startEmbeddedNats(settings.dataDir, settings.nats.server), (it) =>
    it.close(),
  );
  logger.info(
    { url: server.url, folder: settings.dataDir },
    `nats-server on ${server.url}, storage in ${settings.dataDir}`,
  );
  return { settings: { urls: [server.url], ...server.login }, died: server.died };
}

/** The stand-in takes the provider's place where nobody gave a key, a pools file or another address. */
async function standinFor(settings: Settings, closing: Closing, logger: Logger): Promise<Standin | undefined> {
  const { gemini, poolsFile, standinLatencyMs } = settings;
  if (gemini.apiKeys.length > 0 || gemini.baseUrl !== undefined || poolsFile !== undefined) return undefined;
  const standin = closing.own('stand-in', await startStandin({ latencyMs: standinLatencyMs }), (it) => it.close());
  logger.info({ url: standin.url }, `no API key is set: the Gemini stand-in on ${standin.url} draws the pictures`);
  return standin;
}

/** The settings with the stand-in as provider; it knows no rate limit. */
export function withStandin(settings: Settings, standin: Standin | undefined): Settings {
  if (standin === undefined) return settings;
  const gemini = { ...settings.gemini, apiKeys: ['stand-in'], baseUrl: standin.url, requestsPerMinute: 6_000 };
  return { ...settings, gemini };
}

/** Whoever presses Ctrl-C at a desk does not want to wait as long as a cluster does for a picture to be finished. */
function inDev(settings: Settings, standin: Standin | undefined): Settings {
  const patient = withStandin(settings, standin);
  return { ...patient, drainTimeoutMs: Math.min(patient.drainTimeoutMs, 5_000) };
}

/** A given metrics port is the api's; worker and controller take the next two. */
function onPort(settings: Settings, offset: number): Settings {
  const { metricsPort } = settings;
  return metricsPort === undefined || metricsPort === 0 ? settings : { ...settings, metricsPort: metricsPort + offset };
}
