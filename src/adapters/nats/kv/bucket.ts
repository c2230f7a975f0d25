// Opens buckets of NATS KV: created if missing, checked if present, and read from the stream's leader.

import { jetstream } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { NatsLink } from '../link/connection.ts';
import { ensureStream } from '../stream/ensure.ts';

/**
 * The bucket `<prefix>_<name>`, with values that expire `ttlMs` after their last write, or never. Throws `NatsUnsuitable` if
 * a bucket of that name has another expiry.
 */
export async function openBucket(link: NatsLink, name: string, ttlMs = 0): Promise<KV> {
  const bucket = `${link.prefix}_${name}`;
  await ensureStream(link, {
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_age: nanos(ttlMs),
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
  });
  // `open` reads from the leader; a bucket opened by `create` reads by direct get, which may be stale.
  return existingBucket(link, bucket);
}

/** Opens a bucket by its whole name. */
export const existingBucket = ({ connection, apiPrefix }: NatsLink, name: string): Promise<KV> =>
  new Kvm(jetstream(connection, { apiPrefix })).open(name);
