// Creates the streams and buckets of an installation. The controller's user may do so; the other processes wait for it.

import { natsArtifactBucket } from './artifacts/index.ts';
import { openBucket } from './kv/bucket.ts';
import { defaultLease } from './kv/leadership.ts';
import { linksBucket } from './kv/linkKeys.ts';
import { webhooksName } from './jetstream/streamNames.ts';
import type { NatsLink } from './link/connection.ts';
import { marksBucket } from './log/watermark.ts';
import { mayCreateStream } from './stream/ensure.ts';
import { streamName } from './stream/subjects.ts';
import { ensureTaskStream, type StreamSettings } from './stream/taskStream.ts';
import { ensureWebhookStream } from './webhooks/stream.ts';

/** Throws what opening each of them would throw: `NatsUnsuitable`, `NatsTooOld`, `NatsPermissionDenied`, `Unavailable`. */
export async function provisionNats(link: NatsLink, settings: StreamSettings): Promise<void> {
  // First what needs little room: a stream that takes all that the account allows must not keep the others out.
  for (const name of ['pools', 'keys', marksBucket]) await openBucket(link, name);
  await openBucket(link, 'leader', defaultLease.leaseMs);
  // Permissions from before there were links and webhooks lack these: without them, everything else works.
  if (mayCreateStream(link, `KV_${link.prefix}_${linksBucket}`)) await openBucket(link, linksBucket);
  if (mayCreateStream(link, webhooksName(link.prefix))) await ensureWebhookStream(link, settings.retentionMs);
  await natsArtifactBucket(link, settings.retentionMs);
  await ensureTaskStream(link, settings);
}

/** ms between two looks at streams whose age may be lowered. */
const lookEvery = 3_600_000;

/**
 * Tries again what NATS refused to change, for example until the account's limit has been raised. A process that may change the
 * streams also looks every hour whether their age may be lowered.
 */
export function retryKeptSettings(link: NatsLink, settings: StreamSettings, everyMs = 60_000): { close(): void } {
  let busy = false;
  let lookedAt = performance.now();
  const timer = setInterval(() => {
    const isLookDue = performance.now() - lookedAt >= lookEvery && mayCreateStream(link, streamName(link.prefix));
    if (busy || (link.kept.size === 0 && !isLookDue)) return;
    busy = true;
    lookedAt = performance.now();
    // A failure is one of the connection, which reports itself.
    void provisionNats(link, { ...settings, signal: link.closing })
      .catch(() => undefined)
      .finally(() => (busy = false));
  }, everyMs);
  return { close: () => clearInterval(timer) };
}
