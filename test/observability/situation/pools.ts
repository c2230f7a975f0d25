// The pools of the shared situation, one for each trouble, and what their provider answers.

import type { Standin } from '../../../src/standin/standin.ts';
import type { SitePool } from '../../support/site/site.ts';

export const models = {
  quick: 'gemini-3.1-flash-image',
  /** Its first answer to each prompt is no answer. */
  breaking: 'gemini-3.1-flash-lite-image',
  /** Never answers the first request of a prompt. */
  hanging: 'gemini-2.5-flash-image',
  /** Refuses what it has drawn. */
  refusing: 'gemini-nano-banana-2.1',
  writing: 'gemini-2.5-flash',
  /** Finds fault with every picture that it checks. */
  strict: 'gemini-2.5-pro',
  /** Only of the pool `photos`: its provider fails and recovers. */
  out: 'gemini-3-pro-image',
} as const;

const keys = { cooling: 'AIza-drafts-cooling', refused: 'AIza-drafts-refused' } as const;

const { quick, breaking, hanging, refusing, writing, strict, out } = models;
const price = { input: 0.3, output: 30 };
const oneKey = (pool: string) => [{ key: `AIza-${pool}`, requestsPerMinute: 60_000 }];
const images = (...image: string[]) => ({ image, text: [] });

export const pools: readonly SitePool[] = [
  {
    name: 'default',
    models: { image: [quick, breaking, hanging, refusing], text: [writing, strict] },
    keys: oneKey('default'),
    concurrency: 8,
    prices: Object.fromEntries([quick, breaking, hanging, refusing, writing, strict].map((model) => [model, price])),
    budgets: { day: 50, month: 500 },
  },
  { name: 'photos', models: images(out), keys: oneKey('photos') },
  /** Its worker is killed, and another one takes its place. */
  { name: 'studio', models: images(hanging), keys: oneKey('studio') },
  /** Its keys cannot be used. */
  {
    name: 'drafts',
    models: images(quick),
    keys: Object.values(keys).map((key) => ({ key, requestsPerMinute: 60_000 })),
  },
  /** Paused, with a task that hangs. */
  { name: 'nightly', models: images(quick, hanging), keys: oneKey('nightly') },
  /** One picture spends its budget. */
  {
    name: 'thrifty',
    models: images(quick),
    keys: oneKey('thrifty'),
    prices: { [quick]: price },
    budgets: { day: 0.01 },
  },
  /** Without workers. */
  { name: 'partner', models: images(quick), keys: oneKey('partner') },
];

export const unserved = ['partner'];

export function script(standin: Standin): void {
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 50 });
  standin.behaveForModel(quick, { kind: 'image', bytes: 'small', latencyMs: 300 });
  standin.behaveForModel(breaking, { kind: 'nonsense', times: 1 });
  standin.behaveForModel(hanging, { kind: 'hang', times: 1 });
  standin.behaveForModel(refusing, { kind: 'refuse-output', reason: 'IMAGE_SAFETY' });
  standin.behaveForModel(strict, { kind: 'flag' });
  standin.behaveForModel(out, { kind: 'status', status: 503 });
  standin.behaveForKey(keys.cooling, { kind: 'rate-limited', retryMs: 2_400_000 });
  standin.behaveForKey(keys.refused, { kind: 'bad-key' });
}
