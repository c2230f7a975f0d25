// Counts of requests in memory: each report reaches every listener at once, while the fake is connected.

import type { RequestCounts, RequestReport } from '../../src/ports/requestCounts.ts';

export interface FakeRequestCounts extends RequestCounts {
  readonly sent: readonly RequestReport[];
  disconnected: boolean;
}

export function fakeRequestCounts(): FakeRequestCounts {
  const listeners = new Set<(report: RequestReport) => void>();
  const sent: RequestReport[] = [];
  const counts: FakeRequestCounts = {
    sent,
    disconnected: false,
    send(report) {
      if (counts.disconnected) return;
      sent.push(report);
      for (const listener of listeners) listener(structuredClone(report));
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return counts;
}
