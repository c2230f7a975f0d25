// The text format of server-sent events (WHATWG HTML, "Server-sent events"), and their ids.

import type { Position } from '../../ports/jobLog.ts';

/** A client that reconnects resumes after the last `id` it received. */
export function eventText(event: string, data: unknown, id?: string): string {
  // JSON.stringify emits no line breaks, so one data line is enough.
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Keeps proxies from closing a connection that seems idle. */
export const commentText = ': alive\n\n';

export const eventId = ({ epoch, sequence }: Position): string => `${epoch}-${sequence}`;

/** Undefined for a text that is not an event id of this API. */
export function positionOf(id: string): Position | undefined {
  const [, epoch, sequence] = /^([0-9a-zA-Z]{1,40})-(\d{1,15})$/.exec(id) ?? [];
  return epoch === undefined ? undefined : { epoch, sequence: Number(sequence) };
}
