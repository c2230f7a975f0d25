// The pools of the installation in which every situation exists at once. What the provider answers depends on the model and the key,
// so that prompts can be those that people write.

import type { Site, SitePool } from '../../../support/site/site.ts';

export const models = {
  /** Draws at once. */
  quick: 'gemini-3.1-flash-image',
  /** The first answer is no answer. */
  breaking: 'gemini-3.1-flash-lite-image',
  /** Never answers. */
  hanging: 'gemini-2.5-flash-image',
  /** Refuses what it has drawn. */
  refusing: 'gemini-nano-banana-2.1',
  /** Writes at once. */
  writing: 'gemini-2.5-flash',
  /** Writes so slowly that a page shows the text while it grows. */
  slowlyWriting: 'gemini-3-flash',
  /** Finds fault with every picture that it checks. */
  strict: 'gemini-2.5-pro',
} as const;

/** Only of the pool `photos`, and its provider is out. */
const outModel = 'gemini-3-pro-image';

const keys = {
  cooling: 'AIza-drafts-cooling',
  refused: 'AIza-drafts-refused',
  busy: 'AIza-drafts-exhausted',
} as const;

const { quick, breaking, hanging, refusing, writing, slowlyWriting, strict } = models;
const image = [quick, breaking, hanging, refusing];
const text = [writing, slowlyWriting, strict];
const price = { input: 0.3, output: 30 };

export const showcasePools: readonly SitePool[] = [
  {
    name: 'default',
    models: { image, text },
    keys: [
      { key: 'AIza-default-one', requestsPerMinute: 120 },
      { key: 'AIza-default-two', requestsPerMinute: 60 },
    ],
    concurrency: 6,
    prices: Object.fromEntries([...image, ...text].map((model) => [model, price])),
    budgets: { day: 50, tenantMonth: 500 },
  },
  { name: 'photos', models: { image: [outModel], text: [] }, keys: [{ key: 'AIza-photos', requestsPerMinute: 60 }] },
  {
    name: 'drafts',
    models: { image: [quick], text: [] },
    keys: Object.values(keys).map((key) => ({ key, requestsPerMinute: 10 })),
  },
  {
    name: 'nightly',
    models: { image: [quick, hanging], text: [] },
    keys: [{ key: 'AIza-nightly', requestsPerMinute: 60 }],
  },
  { name: 'partner', models: { image: [quick], text: [] }, keys: [{ key: 'AIza-partner', requestsPerMinute: 60 }] },
];

export const unservedPools = ['partner'] as const;

/** `bytes`: full pictures look real, small ones are cheap to draw. */
export function scriptProvider({ standin }: Pick<Site, 'standin'>, bytes: 'full' | 'small'): void {
  standin.behave({ kind: 'image', bytes });
  standin.behaveForModel(quick, { kind: 'image', bytes, latencyMs: 700 });
  standin.behaveForModel(breaking, { kind: 'nonsense', times: 1 });
  standin.behaveForModel(hanging, { kind: 'hang' });
  standin.behaveForModel(refusing, { kind: 'refuse-output', reason: 'IMAGE_SAFETY' });
  standin.behaveForModel(slowlyWriting, { kind: 'write', characters: 60_000, everyMs: 250 });
  standin.behaveForModel(strict, { kind: 'flag' });
  standin.behaveForModel(outModel, { kind: 'status', status: 503 });
  standin.behaveForKey(keys.cooling, { kind: 'rate-limited', retryMs: 2_400_000 });
  standin.behaveForKey(keys.busy, { kind: 'rate-limited', quota: 'day' });
  standin.behaveForKey(keys.refused, { kind: 'bad-key' });
}
