// The providers of models. A new one has one line here and one in src/processes/providers.ts; docs/providers.md describes how.

/** By its name in pools and logs: how messages call it, and the middle of its variables, such as `GENWARDEN_GEMINI_API_KEYS`. */
const providers = {
  gemini: { title: 'Gemini', variables: 'GEMINI' },
  openai: { title: 'OpenAI', variables: 'OPENAI' },
} as const;

export type ProviderName = keyof typeof providers;

export const providerNames = Object.keys(providers) as [ProviderName, ...ProviderName[]];

/** `Gemini`, to start a sentence with. A pool of a later version may have a provider that this one does not know. */
export const titleOf = (provider: string): string =>
  isKnown(provider) ? providers[provider].title : provider.slice(0, 1).toUpperCase() + provider.slice(1);

/** `GENWARDEN_GEMINI_API_KEYS`, for the name `API_KEYS`. */
export const settingOf = (provider: string, name: string): string =>
  `GENWARDEN_${isKnown(provider) ? providers[provider].variables : provider.toUpperCase()}_${name}`;

const isKnown = (provider: string): provider is ProviderName => Object.hasOwn(providers, provider);
