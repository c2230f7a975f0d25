// The settings of each provider: `GENWARDEN_<PROVIDER>_…`, for every provider in the list.

import { z } from 'zod';
import { providerNames, providers, type ProviderName } from '../job/providers.ts';
import { keyList } from './apiKeys.ts';
import { integer, list, matching, url } from './forms.ts';
import { optional, optionalList, withDefault, type Command } from './setting.ts';

const usedBy: readonly Command[] = ['worker', 'dev'];
const model = matching(/^[A-Za-z0-9][\w.:/-]{0,127}$/, 'the name of a model', 'model');
const version = matching(/^[a-z0-9]+$/, 'a version such as v1 or v1beta', 'version');

export const providerSettings = Object.fromEntries(providerNames.map((name) => [name, settingsOf(name)])) as Readonly<
  Record<ProviderName, ReturnType<typeof settingsOf>>
>;

function settingsOf(provider: ProviderName) {
  const { title, models, apiVersion } = providers[provider];
  const name = provider.toUpperCase();
  return z.object({
    apiKeys: optionalList(keyList, {
      name: `${name}_API_KEYS`,
      onlyAsciiTrimmed: true,
      description: `API keys of ${title}, separated by commas or line breaks`,
      usedBy,
      secret: true,
      aliases: [`${name}_API_KEY`],
    }),
    baseUrl: optional(url('http:', 'https:'), {
      name: `${name}_BASE_URL`,
      description: `Address of ${title} (unset: the default of its SDK)`,
      usedBy,
    }),
    ...versionSetting(name, title, apiVersion),
    requestsPerMinute: withDefault(integer(1, 100_000), '10', {
      name: `${name}_REQUESTS_PER_MINUTE`,
      description: `Requests per minute to ${title} per key, across all workers`,
      usedBy,
    }),
    maxInFlight: withDefault(integer(1, 10_000), '1000', {
      name: `${name}_MAX_IN_FLIGHT`,
      description: `Concurrent requests to ${title} per key, across all workers`,
      usedBy,
    }),
    models: withDefault(list(model), models, {
      name: `${name}_MODELS`,
      description: `Models of ${title} that the pool offers; the first model of each kind is the default`,
      usedBy,
    }),
  });
}

/** No setting for a provider whose version is part of its address. */
function versionSetting(name: string, title: string, apiVersion: string | undefined) {
  const about = { name: `${name}_API_VERSION`, description: `API version of ${title}`, usedBy };
  const setting = apiVersion === undefined ? {} : { apiVersion: withDefault(version, apiVersion, about) };
  return setting as { readonly apiVersion: z.ZodOptional<z.ZodType<string, string>> };
}
