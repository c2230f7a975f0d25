// Changes the log level while the process runs: SIGUSR2 sets it to debug for a quarter of an hour, and a second one sets it back.

import { pino } from 'pino';
import type { Logger } from 'pino';
import { logEvent } from '../job/logEvents/index.ts';

/** ms. */
const debugFor = 15 * 60_000;

/** The loggers of this process; `genwarden dev` has one for each part. */
const loggers = new Set<Logger>();

/** Lets `debugOnSignal` change the level of the logger, which lives as long as the process. */
export function switchWithOthers(logger: Logger): Logger {
  loggers.add(logger);
  return logger;
}

export const levelNamed = (name: string): number => pino.levels.values[name] ?? Infinity;

/** Listens until the returned function is called. Windows has no such signal. */
export function debugOnSignal(): () => void {
  if (process.platform === 'win32') return () => undefined;
  let endDebug: (() => void) | undefined;
  const onSignal = (): void => {
    if (endDebug === undefined) endDebug = beginDebug(() => (endDebug = undefined));
    else endDebug();
  };
  process.on('SIGUSR2', onSignal);
  return () => {
    process.off('SIGUSR2', onSignal);
    endDebug?.();
  };
}

/** Returns the function that sets the levels back; it also runs when the time is over, and calls `onEnd`. */
function beginDebug(onEnd: () => void): () => void {
  const changed = [...loggers].map((logger) => ({ logger, before: logger.level }));
  for (const { logger } of changed) if (levelNamed(logger.level) > levelNamed('debug')) logger.level = 'debug';
  say(changed[0], 'debug', `Log level debug for ${debugFor / 60_000} minutes; another SIGUSR2 ends it`);
  const end = (): void => {
    clearTimeout(timer);
    const level = changed[0]?.before ?? 'info';
    say(changed[0], level, `Log level ${level} again`);
    for (const { logger, before } of changed) logger.level = before;
    onEnd();
  };
  const timer = setTimeout(end, debugFor).unref();
  return end;
}

function say(first: { readonly logger: Logger } | undefined, logLevel: string, message: string): void {
  if (first !== undefined) logEvent(first.logger, 'log_level_changed', { logLevel }, message);
}
