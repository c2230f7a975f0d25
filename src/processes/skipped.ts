// Messages that this version must leave alone: said once a minute for each kind, however many there are.

import type { Logger } from '../telemetry/log.ts';

const said = {
  newerSchema: 'A message of a newer version of Genwarden is left to newer processes',
  garbage: "A message in the stream is not one of Genwarden's; it is left alone",
} as const;

export function saySkipped(logger: Logger): (why: keyof typeof said) => void {
  const lastSaid = new Map<string, number>();
  return (why) => {
    const now = performance.now();
    if (now - (lastSaid.get(why) ?? -Infinity) < 60_000) return;
    lastSaid.set(why, now);
    logger.warn({ why }, said[why]);
  };
}
