// Buckets of NATS KV: created where missing, checked where there, and read from the stream's leader.

import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { isStreamNotFound } from '../jetstream/errors.ts';
import { awaitMaker, mayMake } from '../jetstream/awaitMaker.ts';
import type { NatsLink } from '../link/connection.ts';
import { untilAnswered } from '../jetstream/untilAnswered.ts';

/**
 * The bucket `<prefix>_<name>`, whose values expire `ttlMs` after they were last written, or never. Throws
 * `NatsUnsuitable` where a bucket of that name has another expiry.
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
  // `open` reads from the leader; a bucket that was opened by `create` reads by direct get, which may be stale.
  return new Kvm(link.js).open(bucket);
}

/** Creates a stream, or waits for it where this process's user may not, and checks the expiry of one that is there. */
export async function ensureStream(link: NatsLink, config: Partial<StreamConfig> & { name: string }): Promise<void> {
  const full = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: link.replicas,
    max_age: 0,
    ...config,
  };
  const look = (): Promise<boolean> =>
    untilAnswered(link, `The stream ${config.name} cannot be used`, () => createOrCheck(link, full));
  return awaitMaker(link, `the stream ${config.name} is to be made`, look);
}

/** False where it is not there, and another process has to make it. */
async function createOrCheck(link: NatsLink, config: Partial<StreamConfig> & { name: string }): Promise<boolean> {
  try {
    check((await link.jsm.streams.info(config.name)).config, config);
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
    if (!mayMake(link, config.name)) return false;
    // Two processes that start at once ask for the same configuration, which is no conflict to the server.
    await link.jsm.streams.add(config);
  }
  return true;
}

function check(found: StreamConfig, wanted: Partial<StreamConfig> & { name: string }): void {
  const shorter = found.max_age !== 0 && (wanted.max_age === 0 || found.max_age < wanted.max_age!);
  const missing = wanted.max_age !== 0 && found.max_age === 0;
  if (!shorter && !missing) return;
  const seconds = (age: number | undefined): string => ((age ?? 0) === 0 ? 'no expiry' : `${age! / 1e9} s`);
  const message = `The stream ${wanted.name} has max_age ${seconds(found.max_age)} where ${seconds(wanted.max_age)} is needed. Change it with \`nats stream edit ${wanted.name}\`.`;
  throw new GenwardenError('NatsUnsuitable', message);
}
