// Follows the files with a worker's API keys, and uses new keys without a restart. It compares the content every second:
// Kubernetes replaces mounted Secrets by swapping a symbolic link, which file events do not report reliably.

import { readFile } from 'node:fs/promises';
import { sleep } from '../async/sleep.ts';
import { providerNames } from '../job/providers.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { reloadKeys } from '../config/reloadKeys.ts';
import type { PoolKey, PoolSettings } from '../config/pools.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../telemetry/log.ts';

export interface KeyWatch {
  readonly settings: Settings;
  readonly pool: PoolSettings;
  readonly logger: Logger;
  readonly hideSecrets: (secrets: readonly string[]) => void;
  readonly replaceKeys: (pool: string, keys: readonly PoolKey[]) => Promise<void>;
  readonly everyMs?: number;
}

/** Until the signal aborts. Returns at once if no key comes from a file. Never rejects. */
export async function watchKeys(watch: KeyWatch, signal: AbortSignal): Promise<void> {
  const { settings, pool, everyMs = 1_000 } = watch;
  let { keys } = pool;
  let files = filesAtStart(settings);
  let used: string | undefined;
  let before: string | undefined;
  while (files.length > 0 && !signal.aborted) {
    const content = await contentOf(files);
    // Content that just changed may be half written.
    if (content === before && content !== used) {
      used = content;
      const next = reload(watch);
      files = next?.files ?? files;
      if (next !== undefined && !sameKeys(next.keys, keys)) await use(next.keys, watch);
      keys = next?.keys ?? keys;
    }
    before = content;
    await sleep(everyMs, signal);
  }
}

const filesAtStart = (settings: Settings): readonly string[] =>
  [...providerNames.map((name) => settings[name].apiKeysFile), settings.poolsFile].filter((path) => path !== undefined);

/** The content of all files; a file that cannot be read has its error as content. */
async function contentOf(files: readonly string[]): Promise<string> {
  const texts = files.map((path) => readFile(path, 'utf8').catch((error: unknown) => String(error)));
  return JSON.stringify(await Promise.all(texts));
}

/** Undefined for content that cannot be used: the present keys stay. */
function reload({ settings, pool, logger }: KeyWatch): ReturnType<typeof reloadKeys> | undefined {
  try {
    return reloadKeys(settings, pool.name);
  } catch (err) {
    const message = 'The changed API keys cannot be used; the worker keeps the present ones';
    logEvent(logger, 'keys_unusable', { err, pool: pool.name }, message);
    return undefined;
  }
}

async function use(keys: readonly PoolKey[], { pool, logger, hideSecrets, replaceKeys }: KeyWatch): Promise<void> {
  hideSecrets(keys.map(({ secret }) => secret));
  await replaceKeys(pool.name, keys);
  const about = { pool: pool.name, keys: keys.length };
  logEvent(logger, 'keys_changed', about, 'The API keys have changed; the worker uses the new ones');
}

const sameKeys = (one: readonly PoolKey[], other: readonly PoolKey[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
