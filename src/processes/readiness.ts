// When a process is ready for work: NATS answers, and the read model, where it has one, has caught up.

import type { Readiness } from '../telemetry/server.ts';

export function readiness(connected: boolean, ...parts: readonly { ready: boolean; reason: string }[]): Readiness {
  const reasons = [
    ...(connected ? [] : ['the connection to NATS is away']),
    ...parts.filter(({ ready }) => !ready).map(({ reason }) => reason),
  ];
  return { ready: reasons.length === 0, reasons };
}
