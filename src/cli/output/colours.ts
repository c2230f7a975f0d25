// Colours output: only on a terminal, and never if NO_COLOR is set (https://no-color.org).

import { styleText } from 'node:util';
import type { Io, OutputStream } from './io.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'dim' | 'bold';
/** Returns the text in a colour, or unchanged if colours are off. */
export type Paint = (colour: Colour, text: string) => string;

export function paintFor(io: Pick<Io, 'env'>, stream: OutputStream): Paint {
  const disabled = (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb';
  if (stream.isTTY !== true || disabled) return (_, text) => text;
  return (colour, text) => styleText(colour, text, { validateStream: false });
}

const colourOf: Readonly<Record<string, Colour>> = {
  queued: 'dim',
  running: 'cyan',
  waiting: 'yellow',
  needs_review: 'magenta',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'dim',
};

/** A state of a job or task, or text about one, in the state's colour. */
export function paintState(paint: Paint, state: string, text = state): string {
  const colour = colourOf[state];
  return colour === undefined ? text : paint(colour, text);
}
