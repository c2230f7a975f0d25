// Says what NATS refuses this process: to the log, each thing once a minute, and to whoever waits for its answer.

import type { NatsLog } from './dial.ts';
import { denied, type Denial } from './rights.ts';

export interface DenialReports {
  report(denial: Denial): void;
  /** Calls back at each refusal until the returned function is called. */
  onDenied(listener: (denial: Denial) => void): () => void;
}

const sayAgainAfter = 60_000;
/** Inboxes have names of chance: what was said is forgotten before it fills the memory. */
const most = 500;

export function denialReports(log: NatsLog): DenialReports {
  const listeners = new Set<(denial: Denial) => void>();
  const said = new Map<string, number>();
  return {
    report: (denial) => {
      for (const listener of listeners) listener(denial);
      const name = `${denial.operation} ${denial.subject}`;
      const now = performance.now();
      if (now - (said.get(name) ?? -Infinity) < sayAgainAfter) return;
      if (said.size >= most) said.clear();
      said.set(name, now);
      const { code, message, hint } = denied(denial);
      log.error({ code, operation: denial.operation, subject: denial.subject, hint }, message);
    },
    onDenied: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
