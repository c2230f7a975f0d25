// Makes everything that an installation keeps in NATS: done by the controller, whose user may; the other processes wait.

import { natsArtifactBucket } from './artifacts/index.ts';
import { openBucket } from './kv/bucket.ts';
import type { NatsLink } from './link/connection.ts';
import { marksBucket } from './log/watermark.ts';
import { defaultLease } from './kv/leadership.ts';
import { ensureStream, type StreamSettings } from './stream/ensure.ts';

/** Throws what the opening of each would: `NatsUnsuitable`, `NatsTooOld`, `NatsPermissionDenied`, `Unavailable`. */
export async function provisionNats(link: NatsLink, settings: StreamSettings): Promise<void> {
  await ensureStream(link, settings);
  for (const name of ['pools', 'keys', marksBucket]) await openBucket(link, name);
  await openBucket(link, 'leader', defaultLease.leaseMs);
  await natsArtifactBucket(link, settings.retentionMs);
}
