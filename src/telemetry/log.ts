// The log of every process: one JSON object per line on standard output, or lines for people on a terminal. Secrets are
// redacted, and so are the texts of clients unless they are to be shown.

import { pino } from 'pino';
import type { Logger } from 'pino';
import { chooseLines } from './briefLog.ts';
import { levelNamed, switchWithOthers } from './logLevel.ts';
import { standardOutput } from './logOutput.ts';
import { loggedError, onlyOwnText } from './loggedError.ts';
import { prettyLine } from './prettyLine.ts';
import { createRedactor } from './redact.ts';
import { limitRepeats } from './repeats.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly format: 'json' | 'pretty';
  /** Shows only jobs and problems; see `chooseLines`. Only with the format `pretty`. */
  readonly brief?: boolean;
  /** Whether lines may have the beginnings of prompts, and the words of providers and models. Default: hidden. */
  readonly prompts?: 'hidden' | 'shown';
  /** The part that logs; in `genwarden dev` several share one Node process. */
  readonly process: 'api' | 'worker' | 'controller' | 'operator' | 'dev' | 'client';
  /** Texts that must never appear in the log, such as API keys; more can be added at any time. */
  readonly secrets?: ReadonlySet<string>;
  /** Default: standard output. Colours and line breaks are used only on a terminal. */
  readonly destination?: { write(line: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

/** Of a prompt, UTF-16 code units. */
const longestPrompt = 200;

/** Writes synchronously, without a separate thread, so that nothing is lost at exit. Lines that cannot be written are dropped. */
export function createLogger(options: LogOptions): Logger {
  const { destination, format, prompts = 'hidden' } = options;
  const redact = createRedactor(options.secrets);
  const terminal = destination ?? process.stdout;
  const choose = options.brief === true ? chooseLines(() => performance.now()) : (line: string): string => line;
  const shown = (line: string): string => {
    if (format !== 'pretty') return line;
    const chosen = choose(line);
    return chosen === undefined ? '' : prettyLine(chosen, terminal, options.brief);
  };
  const out = destination ?? { write: standardOutput((dropped) => shown(droppedLine(options, dropped))) };
  const texts = prompts === 'shown' ? shownTexts : hiddenTexts;
  const limit = limitRepeats();
  const logger = pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { prompt: texts.prompt, detail: texts.detail, err: texts.error, error: texts.error },
      mixin: (fields, level) => (level < levelNamed('info') || 'event' in fields ? {} : { event: 'library_message' }),
      hooks: {
        logMethod(input, write, level) {
          const [first, second] = input as unknown[];
          // Pino would take the message of the error, which may have the words of others.
          const [fields, message] =
            first instanceof Error ? [{ err: first }, second ?? texts.words(first)] : (input as unknown[]);
          const isEvent = typeof fields === 'object' && fields !== null && level >= levelNamed('warn');
          if (isEvent) limit(fields, (counted) => void Reflect.apply(write, this, [counted, message]));
          else Reflect.apply(write, this, input);
        },
      },
    },
    {
      write: (line) => {
        const text = shown(redact(line));
        if (text !== '') out.write(text);
      },
    },
  );
  return switchWithOthers(logger);
}

interface Texts {
  prompt(value: unknown): unknown;
  detail(value: unknown): unknown;
  error(value: unknown): unknown;
  words(error: Error): string;
}

const hiddenTexts: Texts = {
  prompt: () => undefined,
  detail: () => undefined,
  error: (value) => loggedError(value, onlyOwnText),
  words: onlyOwnText,
};

const shownTexts: Texts = {
  prompt: (value) => (typeof value === 'string' ? value : '').slice(0, longestPrompt).toWellFormed(),
  detail: (value) => value,
  error: (value) => loggedError(value),
  words: ({ message }) => message,
};

function droppedLine({ process: part }: LogOptions, dropped: number): string {
  const time = new Date().toISOString();
  const msg = `${dropped} log lines could not be written and were dropped`;
  const line = { level: 'warn', time, process: part, pid: process.pid, event: 'log_lines_dropped', dropped, msg };
  return `${JSON.stringify(line)}\n`;
}
