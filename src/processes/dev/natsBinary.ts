// Finds the nats-server binary on this machine, or installs it.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { GenwardenError } from '../../job/errors/index.ts';
import { installNatsServer } from './natsInstall/install.ts';
import { natsRelease } from './natsInstall/release.ts';

const minimumVersion = [2, 14] as const;
const cache = join(homedir(), '.cache', 'genwarden');

export interface NatsBinaryOptions {
  /** The setting `NATS_SERVER`. */
  readonly configured: string | undefined;
  readonly signal: AbortSignal;
  /** Gets one sentence before a download or a build. */
  readonly announce: (sentence: string) => void;
}

/** The configured binary, else one that `findNatsServer` finds, else an installed one. Throws `NatsServerMissing`. */
export async function natsServerBinary({ configured, signal, announce }: NatsBinaryOptions): Promise<string> {
  if (configured !== undefined) return executable(configured);
  return findNatsServer() ?? (await installNatsServer({ cache, release: natsRelease(), signal, announce }));
}

/** The first nats-server on PATH that is new enough, else the newest in the cache; undefined if there is none. */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env, cacheFolder = cache): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.map((folder) => join(folder, 'nats-server'));
  return [...onPath, ...cached(cacheFolder)].find(isNewEnough);
}

function executable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    const message = `The nats-server of --nats-server or GENWARDEN_NATS_SERVER cannot be run: ${(cause as Error).message}`;
    throw new GenwardenError('NatsServerMissing', message, { cause });
  }
}

/** The newest version first. */
function cached(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith('nats-server-'))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => join(folder, name, 'nats-server'));
  } catch {
    return [];
  }
}

function isNewEnough(path: string): boolean {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const version = /v(\d+)\.(\d+)/.exec(stdout ?? '');
  if (!version) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > minimumVersion[0] || (major === minimumVersion[0] && minor >= minimumVersion[1]);
}
