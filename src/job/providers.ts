// The providers of models. A new one has one line here and one in src/processes/providers.ts; docs/providers.md describes how.

import type { JobKind } from './policy.ts';

interface ProviderFacts {
  /** As messages call it. */
  readonly title: string;
  /** The default models of its pools, separated by commas; the first of each kind is the default. */
  readonly models: string;
  /** The default version, for a provider whose SDK takes one apart from the address. */
  readonly apiVersion?: string;
  /** As OpenTelemetry's conventions for generative AI call its calls. */
  readonly calls: CallFacts;
}

interface CallFacts {
  readonly system: string;
  readonly operations: Readonly<Record<JobKind, string>>;
  /** Of the provider's own service. */
  readonly address?: string;
}

const known = {
  gemini: {
    title: 'Gemini',
    models:
      'gemini-3.1-flash-image,gemini-3.1-flash-lite-image,gemini-3-pro-image,gemini-nano-banana-2.1,gemini-2.5-flash',
    apiVersion: 'v1beta',
    calls: {
      system: 'gcp.gemini',
      operations: { image: 'generate_content', text: 'generate_content' },
      address: 'https://generativelanguage.googleapis.com',
    },
  },
  openai: {
    title: 'OpenAI',
    models: 'gpt-image-2.5-flare,gpt-image-1.5,gpt-image-1-mini,gpt-5.4-mini,gpt-5.4',
    calls: {
      system: 'openai',
      // The conventions have no name for images.
      operations: { image: 'generate_image', text: 'chat' },
      address: 'https://api.openai.com',
    },
  },
} as const satisfies Record<string, ProviderFacts>;

/** The name in pools, logs and metrics. */
export type ProviderName = keyof typeof known;

export const providers: Readonly<Record<ProviderName, ProviderFacts>> = known;

export const providerNames = Object.keys(known) as [ProviderName, ...ProviderName[]];

/** `Gemini`, to start a sentence with. A pool of a later version may have a provider that this one does not know. */
export const titleOf = (provider: string): string =>
  isKnown(provider) ? providers[provider].title : provider.slice(0, 1).toUpperCase() + provider.slice(1);

/** What is known about the provider's calls. */
export const callsOf = (provider: string): CallFacts =>
  isKnown(provider)
    ? providers[provider].calls
    : { system: provider, operations: { image: 'generate_content', text: 'generate_content' } };

/** `GENWARDEN_GEMINI_API_KEYS`, for the name `API_KEYS`. */
export const settingOf = (provider: string, name: string): string => `GENWARDEN_${provider.toUpperCase()}_${name}`;

const isKnown = (provider: string): provider is ProviderName => Object.hasOwn(providers, provider);
