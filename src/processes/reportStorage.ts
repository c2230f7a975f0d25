// Tells about full storage: one log line when a storage becomes full and one when there is room again, and a metric.

import { about } from '../job/duration.ts';
import {
  storageAdvice,
  storageEffect,
  storagePlaces,
  storageRelief,
  storageTitle,
  type FullStorage,
} from '../job/storage.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { StorageHealth } from '../ports/storageHealth.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ProcessMetrics } from '../telemetry/metrics.ts';

export function reportStorage(
  storage: StorageHealth,
  logger: Logger,
  { storageFull }: Pick<ProcessMetrics, 'storageFull'>,
): void {
  let before: FullStorage | undefined;
  const show = (full: FullStorage | undefined): void => {
    for (const place of storagePlaces) storageFull.set({ place }, full?.place === place ? 1 : 0);
  };
  show(undefined);
  storage.onChange(() => {
    const full = storage.full();
    show(full);
    if (full !== undefined && (full.place !== before?.place || full.refuses !== before.refuses)) {
      const { place, refuses, words } = full;
      const message = `${storageTitle(full)} (${words}): ${storageEffect(full)}. ${storageAdvice(full)}`;
      logEvent(logger, 'storage_full', { storage: place, refuses }, message);
    }
    if (full === undefined && before !== undefined) {
      const durationMs = Math.max(0, Date.now() - before.since);
      logEvent(
        logger,
        'storage_relieved',
        { storage: before.place, durationMs },
        `${storageRelief(before)} after ${about(durationMs)}`,
      );
    }
    before = full;
  });
}
