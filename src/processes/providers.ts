// The adapter of each provider. A worker loads only that of its pool: an SDK takes tens of megabytes.

import type { ProviderName } from '../job/providers.ts';
import type { Provider, ProviderOptions } from '../ports/provider.ts';

type Adapter = (options: ProviderOptions) => Provider;

const adapters: Readonly<Record<ProviderName, () => Promise<Adapter>>> = {
  gemini: async () => (await import('../adapters/gemini/index.ts')).geminiProvider,
  openai: async () => (await import('../adapters/openai/index.ts')).openaiProvider,
};

export async function providerFor(name: ProviderName, options: ProviderOptions): Promise<Provider> {
  const adapter = await adapters[name]();
  return adapter(options);
}
