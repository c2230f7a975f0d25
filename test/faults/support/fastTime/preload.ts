// Loaded into a Genwarden process before all other code (`node --import`): its work runs in fast time. NATS keeps real time,
// and so do its adapters, except where they exchange times with it: the clock, and the delay of a delivery that is given back.

import { registerHooks } from 'node:module';
import { ownScale, realMs } from './scale.ts';

const source = new URL('../../../../src/', import.meta.url).href;
const here = new URL('./', import.meta.url).href;

/** For every importer but the replacement itself. */
const replacements = new Map([
  [`${source}adapters/nats/clock/index.ts`, new URL('./clock.ts', import.meta.url).href],
  [`${source}adapters/nats/queue/delivery.ts`, new URL('./delivery.ts', import.meta.url).href],
]);
const realSleep = `${source}async/sleep.ts`;
const fastSleep = new URL('./sleep.ts', import.meta.url).href;

/** The timers and sleeps of these modules run in fast time. Holds of keys are renewed and expire by the clock. */
const fastFolders = ['worker/', 'controller/', 'adapters/gemini/', 'adapters/provider/', 'adapters/nats/keys/'].map(
  (folder) => source + folder,
);
const isFast = (url: string): boolean => fastFolders.some((folder) => url.startsWith(folder));

Object.assign(globalThis, {
  fastTimers: {
    setTimeout: (action: () => void, ms = 0) => setTimeout(action, realMs(ownScale, ms)),
    setInterval: (action: () => void, ms = 0) => setInterval(action, realMs(ownScale, ms)),
  },
});

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const importer = context.parentURL ?? '';
    if (importer.startsWith(here)) return resolved;
    if (resolved.url === realSleep && isFast(importer)) return { ...resolved, url: fastSleep };
    return { ...resolved, url: replacements.get(resolved.url) ?? resolved.url };
  },
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!isFast(url)) return loaded;
    const code = Buffer.from(loaded.source as Uint8Array).toString();
    // On the first line, so that the lines of a stack keep their numbers.
    return { ...loaded, source: `const { setTimeout, setInterval } = globalThis.fastTimers; ${code}` };
  },
});
