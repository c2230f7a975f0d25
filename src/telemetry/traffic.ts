// The metrics of artifacts on their way, read at each scrape.

import type { Registry } from 'prom-client';
import { processMetrics } from './metrics.ts';

/** By direction. */
type Traffic = Readonly<Record<'read' | 'write', { readonly bytes: number; readonly waiting: number }>>;

export function showTraffic(registry: Registry, traffic: () => Traffic): void {
  const { artifactBytes, artifactsWaiting } = processMetrics(registry);
  const collect = (): void => {
    for (const [direction, { bytes, waiting }] of Object.entries(traffic())) {
      artifactBytes.set({ direction }, bytes);
      artifactsWaiting.set({ direction }, waiting);
    }
  };
  Object.assign(artifactBytes, { collect });
  Object.assign(artifactsWaiting, { collect });
}
