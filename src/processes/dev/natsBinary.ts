// Finds the nats-server binary on this machine.

import { GenwardenError } from '../../job/errors/index.ts';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const minimumVersion = [2, 14] as const;
const cache = join(homedir(), '.cache', 'genwarden');

/**
 * The path of nats-server: `GENWARDEN_NATS_SERVER`, else the first on PATH that is new enough, else what `make setup` put into the cache.
 * Throws `NatsServerMissing` when there is none.
 */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env, cacheFolder = cache): string {
  if (env['GENWARDEN_NATS_SERVER']) return env['GENWARDEN_NATS_SERVER'];
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.map((folder) => join(folder, 'nats-server'));
  const found = [...onPath, ...cached(cacheFolder)].find(isNewEnough);
  if (found) return found;
  throw new GenwardenError(
    'NatsServerMissing',
    'nats-server was not found (GENWARDEN_NATS_SERVER, PATH, ~/.cache/genwarden)',
  );
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
