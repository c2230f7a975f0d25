// The logger that the adapter writes to, and a limit on how often it repeats a message.

import type { EventLogger } from '../../../job/logEvents/index.ts';

export interface NatsLog extends EventLogger {
  debug(fields: object, message: string): void;
}

/** Between two log lines about the same wait, ms. */
export const remindEvery = 10_000;

/** Passes a call on at most once every `ms`, the first one immediately; drops the others. */
export function atMostEvery<A extends unknown[]>(ms: number, call: (...args: A) => void): (...args: A) => void {
  let last = -Infinity;
  return (...args) => {
    const now = performance.now();
    if (now - last < ms) return;
    last = now;
    call(...args);
  };
}
