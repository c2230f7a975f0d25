// Where the nats-server program is on this machine.
import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const cache = join(homedir(), '.cache', 'genwarden');

/**
 * The path of nats-server: `GENWARDEN_NATS_SERVER`, else the first on PATH, else what `make setup` put into the cache.
 * Throws when there is none.
 */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env, cacheFolder = cache): string {
  if (env['GENWARDEN_NATS_SERVER']) return env['GENWARDEN_NATS_SERVER'];
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const found = [...onPath, ...cached(cacheFolder)].find(isExecutable);
  if (found) return found;
  throw new Error('nats-server was not found (GENWARDEN_NATS_SERVER, PATH, ~/.cache/genwarden): run `make setup`');
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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
