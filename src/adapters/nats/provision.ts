// Makes everything that an installation keeps in NATS: done by the controller, whose user may; the other processes wait.

import { natsArtifactBucket } from './artifactStore.ts';
import { openBucket } from './bucket.ts';
import type { NatsLink } from './connection.ts';
import { marksBucket } from './jobLogWatermark.ts';
import { defaultLease } from './leadership.ts';
import { ensureStream, type StreamSettings } from './stream.ts';

/** Throws what the opening of each would: `NatsUnsuitable`, `NatsTooOld`, `NatsPermissionDenied`, `Unavailable`. */
export async function provisionNats(link: NatsLink, settings: StreamSettings): Promise<void> {
  await ensureStream(link, settings);
  for (const name of ['pools', 'keys', marksBucket]) await openBucket(link, name);
  await openBucket(link, 'leader', defaultLease.leaseMs);
  await natsArtifactBucket(link, settings.retentionMs);
}
