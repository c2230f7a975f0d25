// What can happen while the bytes of an artifact are on their way: the store fails, or the client stops reading. A download that
// cannot be completed is cut, so that no client takes its part for the whole, and the log says why.

import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { logEvent } from '../../../job/logEvents/index.ts';
import type { Logger } from '../../../telemetry/log.ts';

/** ms. A client that takes nothing for so long, although there is something to take, is disconnected. */
const stalledAfter = 60_000;

/** Headers that describe the bytes, and must not describe the problem that is sent instead of them. */
const ofTheBytes = ['etag', 'accept-ranges', 'cache-control', 'content-disposition', 'content-range'];

interface Download {
  /** For the log. */
  readonly path: string;
  readonly artifact: { readonly name: string; readonly bytes: number };
}

/** `stalledMs`: tests lower it. */
export function guard(
  stream: Readable,
  reply: FastifyReply,
  download: Download,
  { logger, stalledMs = stalledAfter }: { readonly logger: Logger; readonly stalledMs?: number },
): void {
  const { raw } = reply;
  stream.once('error', (err) => {
    if (raw.headersSent) return logCut(logger, download, err);
    for (const header of ofTheBytes) {
      reply.removeHeader(header);
      raw.removeHeader(header);
    }
  });
  const why = `The client took nothing for ${stalledMs / 1_000} s.`;
  cutWhenStalled(reply, stalledMs, () => logCut(logger, download, new Error(why)));
}

function logCut(logger: Logger, { path, artifact }: Download, err: Error): void {
  const message = `The download of artifact ${artifact.name} (${artifact.bytes} bytes) was cut: ${err.message}`;
  logEvent(logger, 'download_cut', { err, path }, message);
}

/** A slow client is not a stalled one: Node.js counts every byte that the socket takes. */
function cutWhenStalled({ raw }: FastifyReply, stalledMs: number, onStalled: () => void): void {
  raw.setTimeout(stalledMs, () => {
    // While nothing waits to be taken, the store is slow, not the client.
    if (raw.writableLength === 0) return void raw.setTimeout(stalledMs);
    onStalled();
    raw.destroy();
  });
}
