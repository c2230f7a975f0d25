// A complete installation on one machine: nats-server as a child process, the stand-in for pools without a key, and an api, a
// controller and a worker for each pool in this process.

import { sleep } from '../../async/sleep.ts';
import { describeSettings } from '../../config/describe.ts';
import type { ResolvedSetting } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { titleOf } from '../../job/providers.ts';
import { startStandin, type Standin } from '../../standin/standin.ts';
import type { Logger } from '../../telemetry/log.ts';
import { startApiProcess } from '../api.ts';
import type { StartedProcess } from '../bootstrap.ts';
import { startControllerProcess } from '../controller.ts';
import { Resources } from '../resources.ts';
import type { Follower } from '../../readmodel/follower.ts';
import { startWorkerProcess } from '../worker.ts';
import { explainFolderError, lockDataFolder, noteAddress } from './dataFolder.ts';
import { guardDisk } from './diskGuard.ts';
import { withReserve } from './diskReserve.ts';
import { joinCommands, type JoinCommand } from './joinCommand.ts';
import { logJobs, type JobLines } from './jobLines.ts';
import { natsServerBinary } from './natsBinary.ts';
import { startEmbeddedNats } from './natsServer.ts';
import { devPools, needsStandIn, type DevPool } from './pools.ts';
import { checkPorts, onMetricsPort } from './ports.ts';
import { devWebhooks } from './webhooks.ts';

/** A pool with its worker. */
export interface ServedPool extends DevPool {
  readonly worker: string;
  /** How another worker of the pool joins. */
  readonly join: JoinCommand;
}

export interface Stack {
  /** The API. */
  readonly url: string;
  /** The console; undefined if it is off. */
  readonly consoleUrl: string | undefined;
  /** The effective settings, with the real address of NATS. */
  readonly settings: Settings;
  readonly pools: readonly ServedPool[];
  /** Starts another worker with other settings; the stack closes it. */
  addWorker(settings: Settings): Promise<void>;
  readonly finished: Promise<string>;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly settings: Settings;
  /** With their sources. */
  readonly resolved: readonly ResolvedSetting[];
  /** Gets one sentence before nats-server is downloaded or built; by default the log does. */
  readonly announceInstallation?: (sentence: string) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Throws what `lockDataFolder` and `checkPorts` throw before anything starts, `DataDirNotWritable` and `DiskFull`. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { settings, logger } = options;
  const resources = new Resources();
  const state: StackState = { natsDied: new Promise(() => undefined), jobs: undefined, openJobs: undefined };
  const closeAll = async (): Promise<void> => {
    const closed = resources.close((name, err) =>
      logEvent(logger, 'process_part_not_closed', { name, err }, `${name} did not close cleanly`),
    );
    // Once nats-server has exited, the processes would wait for answers that never come.
    await Promise.race([closed, state.natsDied.then(() => sleep(1_000))]);
  };
  try {
    const stack = await startParts(options, resources, state);
    const close = async (): Promise<void> => {
      const message = 'stopping: running tasks get a few seconds; press Ctrl-C again to exit immediately';
      logEvent(logger, 'dev_stopping', {}, message);
      await closeAll();
      const { openJobs = 0 } = state;
      const folder = natsIsGiven(options.resolved) ? undefined : settings.dataDir;
      logEvent(logger, 'dev_stopped', { openJobs, folder }, stoppedWords(openJobs, folder));
    };
    return { ...stack, close };
  } catch (error) {
    await closeAll();
    throw explainFolderError(settings.dataDir, error);
  }
}

interface StackState {
  natsDied: Promise<unknown>;
  jobs: JobLines | undefined;
  /** When the workers had stopped. */
  openJobs: number | undefined;
}

async function startParts(
  options: StackOptions,
  resources: Resources,
  state: StackState,
): Promise<Omit<Stack, 'close'>> {
  const { settings, resolved, logger, signal } = options;
  const startedAt = Date.now();
  const externalNats = natsIsGiven(resolved);
  const { dataDir } = settings;
  const unlock = await withReserve(dataDir, () => lockDataFolder(dataDir));
  resources.own('data folder', unlock, () => unlock());
  await checkPorts(settings, resolved);
  const binary = externalNats ? undefined : await binaryFor(options);
  const parts = { settings, resources, logger };
  const nats = binary === undefined ? undefined : await withReserve(dataDir, () => embeddedNats({ ...parts, binary }));
  state.natsDied = nats === undefined ? state.natsDied : nats.died.catch(() => undefined);
  const standIn = await standInFor(settings, resources, logger);
  const given = nats === undefined ? settings : { ...settings, nats: { ...settings.nats, ...nats.settings } };
  const running = { ...inDev(given), webhooks: await devWebhooks(settings, logger) };
  const joinOptions = { settings: running, resolved, embeddedNats: nats !== undefined, standInUrl: standIn?.url };
  const join = await withReserve(dataDir, () => joinCommands(joinOptions, resources));
  const own = async (name: string, started: Promise<StartedProcess>): Promise<StartedProcess> =>
    resources.own(name, await started, (it) => it.close());
  const onFollower = (follower: Follower): void => void (state.jobs = logJobs(follower, logger, startedAt));
  await own('controller', startControllerProcess(onMetricsPort(running, 'controller'), signal, nats?.disk, onFollower));
  resources.own('job lines', state, () => void (state.openJobs = state.jobs?.openJobs()));
  const pools: ServedPool[] = [];
  const workers: StartedProcess[] = [];
  for (const pool of devPools(running, standIn?.url)) {
    const worker = await own('worker', startWorkerProcess(workerSettings(pool, pools.length), signal, nats?.disk));
    workers.push(worker);
    pools.push({ ...pool, worker: worker.name, join: join(pool) });
  }
  const described = describeSettings(resolved, 'dev');
  const api = await own('api', startApiProcess(onMetricsPort(running, 'api'), signal, { described, disk: nats?.disk }));
  for (const pool of pools) logPool(pool, logger);
  const consoleUrl = settings.console === 'on' ? consoleAt(settings.http.publicUrl ?? api.url!) : undefined;
  await noteAddress(dataDir, consoleUrl ?? api.url!);
  return {
    url: api.url!,
    consoleUrl,
    settings: running,
    pools,
    addWorker: async (other) => void (await own('worker', startWorkerProcess(other, signal, nats?.disk))),
    finished: Promise.race([...workers.map(({ finished }) => finished), ...(nats === undefined ? [] : [nats.died])]),
  };
}

/** The first worker has the configured metrics port, or its default; the others have any free one. */
const workerSettings = ({ settings }: DevPool, before: number): Settings =>
  before === 0 ? onMetricsPort(settings, 'worker') : { ...settings, metricsPort: 0 };

function logPool({ pool, isStandIn, worker, join }: ServedPool, logger: Logger): void {
  const provider = isStandIn ? `the stand-in answers instead of ${titleOf(pool.provider)}` : titleOf(pool.provider);
  const message = `pool ${pool.name}: ${provider}; worker ${worker}; for another worker run \`${join.command}\``;
  logEvent(
    logger,
    'dev_pool',
    { pool: pool.name, worker, provider: pool.provider, standIn: isStandIn, join: join.command },
    message,
  );
}

function stoppedWords(openJobs: number, folder: string | undefined): string {
  const where = folder === undefined ? 'jobs and results stay in NATS' : `jobs and results stay in ${folder}`;
  const rest = openJobs === 1 ? '1 open job continues' : `${openJobs} open jobs continue`;
  return `stopped: ${where}${openJobs === 0 ? '' : `; ${rest} at the next start`}`;
}

const consoleAt = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** True if a flag or variable names a NATS server, so that none is started here. */
function natsIsGiven(resolved: readonly ResolvedSetting[]): boolean {
  return resolved.some(({ definition, source }) => definition.name === 'NATS_URL' && source.kind !== 'default');
}

interface EmbeddedNats {
  readonly settings: Settings;
  readonly binary: string;
  readonly resources: Resources;
  readonly logger: Logger;
}

function binaryFor({ settings, logger, signal, announceInstallation }: StackOptions): Promise<string> {
  const log = (sentence: string): void => logEvent(logger, 'nats_server_installing', {}, sentence);
  return natsServerBinary({ configured: settings.nats.server, signal, announce: announceInstallation ?? log });
}

async function embeddedNats({ settings, binary, resources, logger }: EmbeddedNats) {
  const server = resources.own('nats-server', await startEmbeddedNats(settings.dataDir, binary), (it) => it.close());
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

/** Runs while a pool has no key. */
async function standInFor(settings: Settings, resources: Resources, logger: Logger): Promise<Standin | undefined> {
  if (!needsStandIn(settings)) return undefined;
  const { standinLatencyMs: latencyMs, poolsFile } = settings;
  const standin = resources.own('stand-in', await startStandin({ latencyMs }), (it) => it.close());
  const what = poolsFile === undefined ? 'no API key is set: the' : 'some pools have no API key: for them a';
  const message = `${what} stand-in on ${standin.url} generates the results`;
  logEvent(logger, 'standin_started', { url: standin.url }, message);
  return standin;
}

/** Ctrl-C at a terminal should end `dev` in seconds; a cluster waits longer for running tasks. */
const inDev = (settings: Settings): Settings => ({
  ...settings,
  drainTimeoutMs: Math.min(settings.drainTimeoutMs, 5_000),
});
