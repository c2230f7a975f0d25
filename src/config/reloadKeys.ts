// Reads the keys of a pool again from the files that the settings name, so that a worker can use new keys without a restart.

import { GenwardenError } from '../job/errors/index.ts';
import { providerNames, settingOf, type ProviderName } from '../job/providers.ts';
import { keyList, trimKeyLines } from './apiKeys.ts';
import { loadPools, type PoolKey } from './pools.ts';
import type { Settings } from './settings.ts';
import { readTextFile } from './textFile.ts';

export interface ReloadedKeys {
  readonly keys: readonly PoolKey[];
  /** The files that were read: the keys can change only with one of them. */
  readonly files: readonly string[];
}

/**
 * The pool's keys as its files have them now. `files` reads a file as text and throws if it cannot. Throws
 * `InvalidConfiguration` for content that a starting worker would refuse, or if the pool is no longer there.
 */
export function reloadKeys(settings: Settings, pool: string, files = readTextFile): ReloadedKeys {
  const read = new Set<string>();
  const recorded = (path: string): string => {
    read.add(path);
    return files(path);
  };
  const pools = loadPools(withCurrentKeys(settings, recorded), recorded);
  const found = pools.find(({ name }) => name === pool);
  if (found !== undefined) return { keys: found.keys, files: [...read] };
  throw new GenwardenError(
    'InvalidConfiguration',
    `GENWARDEN_POOLS_FILE=${settings.poolsFile}: no pool is named ${pool}`,
  );
}

function withCurrentKeys(settings: Settings, files: (path: string) => string): Settings {
  const parts = providerNames.map((name) => {
    const { apiKeysFile, apiKeys } = settings[name];
    const current = apiKeysFile === undefined ? apiKeys : keysIn(name, apiKeysFile, files);
    return [name, { ...settings[name], apiKeys: current }];
  });
  return { ...settings, ...(Object.fromEntries(parts) as Pick<Settings, ProviderName>) };
}

function keysIn(provider: ProviderName, path: string, files: (path: string) => string): string[] {
  const parsed = keyList.schema.safeParse(trimKeyLines(files(path)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path: [, line], message }) =>
    typeof line === 'number' ? `line ${line + 1} ${message}` : message,
  );
  throw new GenwardenError(
    'InvalidConfiguration',
    `${settingOf(provider, 'API_KEYS_FILE')}=${path}: ${problems.join('; ')}`,
  );
}
