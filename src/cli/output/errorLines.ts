// An error for a person: what happened, then its code and what to do. On a terminal the lines break at words.

import { terminalWidth, type OutputStream } from './io.ts';
import { hanging, printable } from './text.ts';

interface Described {
  /** The first line says what happened; further ones are a list. */
  readonly message: string;
  /** Field errors of a request. */
  readonly more?: readonly string[];
  readonly code: string;
  readonly hint: string;
}

/** `stream`: where the lines will be written. */
export function errorLines(
  stream: Pick<OutputStream, 'isTTY' | 'columns'>,
  { message, more = [], code, hint }: Described,
): string[] {
  const width = terminalWidth(stream);
  const [first = '', ...list] = message.split('\n');
  return [
    ...hanging('genwarden: ', first, width),
    ...list.map(printable),
    ...[...more, `${code}: ${hint}`].flatMap((line) => hanging('  ', line, width)),
  ];
}
