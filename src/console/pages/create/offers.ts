// What the pools offer for a kind of job: the choices of the form, each with what speaks against it now.

import type { Kind, ModelLimits, Pool } from '../../../client/index.ts';

export interface Choice {
  readonly value: string;
  /** Empty: it serves at once. */
  readonly obstacle: string;
}

/** The name of the pool that the API takes without one. */
const defaultPool = 'default';

/** Until the pools have been read. */
const usualLimits: ModelLimits = {
  references: 14,
  referenceBytes: 20 * 1024 * 1024,
  totalReferenceBytes: 100_000_000,
  aspectRatios: ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'],
  imageSizes: ['1K', '2K', '4K'],
  lacks: [],
};

/** The pools with a model of the kind; the default one first. */
export function poolChoices(pools: readonly Pool[], kind: Kind): Choice[] {
  const serving = pools.filter(({ models }) => models[kind].length > 0);
  return serving
    .toSorted((a, b) => Number(b.name === defaultPool) - Number(a.name === defaultPool) || (a.name < b.name ? -1 : 1))
    .map((pool) => ({ value: pool.name, obstacle: poolObstacle(pool) }));
}

function poolObstacle({ paused, workers, keys }: Pool): string {
  if (paused) return 'paused';
  if (workers === 0) return 'no workers';
  if (keys.length > 0 && keys.every(({ state }) => state === 'refused')) return 'its keys are refused';
  if (keys.length > 0 && keys.every(({ state }) => state === 'cooling')) return 'its keys cool down';
  return '';
}

export function chosenPool(pools: readonly Pool[], name: string): Pool | undefined {
  return pools.find((pool) => pool.name === (name === '' ? defaultPool : name));
}

export function modelChoices(pool: Pool | undefined, kind: Kind): Choice[] {
  return (pool?.models[kind] ?? []).map((model) => ({ value: model, obstacle: modelObstacle(pool!, model) }));
}

function modelObstacle({ outages, keys }: Pool, model: string): string {
  if (outages.some((outage) => outage.model === model)) return 'outage';
  const isBlocked = keys.map(({ models }) => models.some((blocked) => blocked.model === model));
  return isBlocked.length > 0 && isBlocked.every(Boolean) ? 'no key admits it now' : '';
}

/** `model` empty: the pool's first one. */
export function limitsOf(pool: Pool | undefined, kind: Kind, model: string): ModelLimits {
  const name = model === '' ? pool?.models[kind][0] : model;
  return (name === undefined ? undefined : pool?.modelLimits[name]) ?? usualLimits;
}

/** With what the model offers, what was chosen before, and nothing else. */
export function withChosen(offered: readonly string[], chosen: string): readonly string[] {
  return chosen === '' || offered.includes(chosen) ? offered : [...offered, chosen];
}
