// Errors in log lines: a few fields only, because errors of HTTP clients carry whole requests.

import { AttemptFailed } from '../job/errors/index.ts';
import { ownWordsOf } from '../job/logEvents/ownWords.ts';

interface LoggedError {
  readonly type: string;
  readonly code?: unknown;
  readonly message: string;
  /** The calls only. */
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
}

/** Other values are returned unchanged. `messageOf` makes the message that is logged. */
export function loggedError(value: unknown, messageOf: (error: Error) => string = whole): unknown {
  return value instanceof Error ? describe(value, messageOf, 0) : value;
}

const whole = ({ message }: Error): string => message;

/** The message without the words of clients, providers and models, as far as it can have them. */
export function onlyOwnText(error: Error): string {
  if (error instanceof AttemptFailed) return ownWordsOf(error.error);
  // JSON.parse quotes what it cannot read.
  return error instanceof SyntaxError ? error.message.replace(/".*"/s, '"…"') : error.message;
}

/** Causes up to five deep. */
function describe(error: Error, messageOf: (error: Error) => string, depth: number): LoggedError {
  const { code } = error as { code?: unknown };
  const calls = error.stack?.match(/^ {4}at .*$/gm)?.join('\n');
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: messageOf(error),
    ...(calls === undefined ? {} : { stack: calls }),
    ...(error.cause instanceof Error && depth < 5 ? { cause: describe(error.cause, messageOf, depth + 1) } : {}),
  };
}
