// The log of every process: one JSON object per line on standard output, or pretty lines on a terminal. Secrets are
// redacted.

import { pino } from 'pino';
import type { Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { standardOutput } from './logOutput.ts';
import { createRedactor } from './redact.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly format: 'json' | 'pretty';
  /** The part that logs; in `genwarden dev` several share one Node process. */
  readonly process: 'api' | 'worker' | 'controller' | 'operator' | 'dev' | 'client';
  /** Texts that must never appear in the log, such as API keys; more can be added at any time. */
  readonly secrets?: ReadonlySet<string>;
  /** Default: standard output. Colours are used only on a terminal. */
  readonly destination?: { write(line: string): unknown; readonly isTTY?: boolean };
}

const prettyForm = {
  translateTime: 'SYS:HH:MM:ss.l',
  messageFormat: '{process}: {msg}',
  ignore: 'pid,process',
  singleLine: true,
} as const;

/** Writes synchronously, without a separate thread, so that nothing is lost at exit. Lines that cannot be written are dropped. */
export function createLogger(options: LogOptions): Logger {
  const { destination } = options;
  const redact = createRedactor(options.secrets);
  const colorize = (destination ?? process.stdout).isTTY === true;
  const pretty: (line: string) => string =
    options.format === 'pretty' ? prettyFactory({ ...prettyForm, colorize }) : (line) => line;
  const out = destination ?? { write: standardOutput((dropped) => pretty(droppedLine(options, dropped))) };
  return pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serialize, error: serialize },
    },
    { write: (line) => void out.write(pretty(redact(line))) },
  );
}

function droppedLine({ process: part }: LogOptions, dropped: number): string {
  const time = new Date().toISOString();
  const msg = `${dropped} log lines could not be written and were dropped`;
  return `${JSON.stringify({ level: 'warn', time, process: part, pid: process.pid, dropped, msg })}\n`;
}

interface LoggedError {
  readonly type: string;
  readonly code?: unknown;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
}

const serialize = (value: unknown): unknown => (value instanceof Error ? describeError(value) : value);

/** Only these fields, because errors of HTTP clients carry whole requests; causes up to five deep. */
function describeError(error: Error, depth = 0): LoggedError {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    stack: error.stack,
    ...(error.cause instanceof Error && depth < 5 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}
