// The pools of `genwarden dev`: one worker for each, and the stand-in instead of the provider for those without a key.

import { loadPools, type PoolSettings } from '../../config/pools.ts';
import type { Settings } from '../../config/settings.ts';
import type { ProviderName } from '../../job/providers.ts';

export interface DevPool {
  readonly pool: PoolSettings;
  /** The stand-in answers instead of the pool's provider. */
  readonly isStandIn: boolean;
  /** Those of the pool's worker, apart from its ports. */
  readonly settings: Settings;
}

/** Whether some pool has neither a key nor an address, so that a stand-in must answer for it. */
export const needsStandIn = (settings: Settings): boolean =>
  loadPools(settings).some(
    (pool) => lacksProvider(pool) && withStandIn(settings, pool, 'http://127.0.0.1:1').isStandIn,
  );

/** `standIn` is the address of the stand-in; undefined if it does not run. */
export function devPools(settings: Settings, standIn: string | undefined): DevPool[] {
  return loadPools(settings).map((pool) => {
    if (standIn !== undefined && lacksProvider(pool)) return withStandIn(settings, pool, standIn);
    return { pool, isStandIn: false, settings: { ...settings, pool: pool.name } };
  });
}

const lacksProvider = ({ keys, baseUrl }: PoolSettings): boolean => keys.length === 0 && baseUrl === undefined;

/** A pool of the pools file with an empty list of keys keeps it: its tasks wait for a key. */
function withStandIn(settings: Settings, { name, provider }: PoolSettings, url: string): DevPool {
  const standIn = { ...settings, ...standInSettings(settings, provider, url), pool: name };
  const pool = loadPools(standIn).find((one) => one.name === name)!;
  if (pool.keys.length > 0) return { pool, isStandIn: true, settings: standIn };
  return { pool, isStandIn: false, settings: { ...settings, pool: name } };
}

/** The stand-in has no rate limit. */
export const standInRate = 6_000;
export const standInKey = 'stand-in';

/** The address at which a provider's SDK reaches the stand-in. */
export const standInAddress = (provider: ProviderName, url: string): string =>
  provider === 'openai' ? `${url}/v1` : url;

/** The provider's part of the settings, with the stand-in in its place. */
export function standInSettings(settings: Settings, provider: ProviderName, url: string): Pick<Settings, ProviderName> {
  const baseUrl = standInAddress(provider, url);
  const part = { ...settings[provider], apiKeys: [standInKey], baseUrl, requestsPerMinute: standInRate };
  return { gemini: settings.gemini, openai: settings.openai, [provider]: part };
}
