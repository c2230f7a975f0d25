// The environment that lets a Genwarden process run in fast time, see preload.ts.

import type { Scale } from './scale.ts';

const preload = new URL('./preload.ts', import.meta.url).href;

export const inFastTime = ({ speed, from }: Scale): Record<string, string> => ({
  NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${preload}`,
  FAST_TIME_SPEED: String(speed),
  FAST_TIME_FROM: String(from),
});
