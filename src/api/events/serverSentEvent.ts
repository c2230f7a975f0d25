// The form of server-sent events (WHATWG HTML, "Server-sent events"), and their ids.

import type { Position } from '../../ports/jobLog.ts';

/** `id` tells where the stream goes on after this event; without one it stays where it was. */
export function eventText(event: string, data: unknown, id?: string): string {
  // JSON has no line breaks of its own, so one data line is enough.
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Keeps connections alive that somebody between would close for silence. */
export const commentText = ': alive\n\n';

export const eventId = ({ epoch, sequence }: Position): string => `${epoch}-${sequence}`;

/** Undefined for what is no id of ours. */
export function positionOf(id: string): Position | undefined {
  const [, epoch, sequence] = /^([0-9a-zA-Z]{1,40})-(\d{1,15})$/.exec(id) ?? [];
  return epoch === undefined ? undefined : { epoch, sequence: Number(sequence) };
}
