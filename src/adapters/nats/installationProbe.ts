// Looks at the NATS server, the stream and the leader's key, for people who check an installation.

import { setTimeout as pause } from 'node:timers/promises';
import { GenwardenError } from '../../job/errors/index.ts';
import type { InstallationProbe, NatsSight } from '../../ports/installationProbe.ts';
import { isStreamNotFound, portError } from './jetstream/errors.ts';
import { openBucket } from './kv/bucket.ts';
import type { NatsLink } from './link/connection.ts';
import { defaultLease } from './kv/leadership.ts';
import { ensureStream } from './stream/ensure.ts';
import { streamName } from './stream/subjects.ts';

export interface InstallationProbeOptions {
  readonly retentionMs: number;
  /** Of the leader's key, ms; as `natsLeadership` has it. */
  readonly leaseMs?: number;
}

/** How long one look may take, ms. */
const patience = 5_000;

export function natsInstallationProbe(link: NatsLink, options: InstallationProbeOptions): InstallationProbe {
  return {
    nats: () => inTime(lookAtNats(link, options.retentionMs)),
    leader: () => inTime(leaderOf(link, options.leaseMs ?? defaultLease.leaseMs)),
  };
}

async function lookAtNats(link: NatsLink, retentionMs: number): Promise<NatsSight> {
  const asked = performance.now();
  const { storage, limits } = await link.whileConnected(() => link.jsm.getAccountInfo());
  const roundTripMs = performance.now() - asked;
  return {
    version: link.connection.info?.version ?? 'unknown',
    roundTripMs,
    ...(await lookAtStream(link, retentionMs)),
    storage: { used: storage, limit: limits.max_storage },
  };
}

async function lookAtStream(link: NatsLink, retentionMs: number): Promise<Pick<NatsSight, 'unsuitable' | 'replicas'>> {
  const name = streamName(link.prefix);
  try {
    const { config } = await link.whileConnected(() => link.jsm.streams.info(name));
    // Looked for first: a look must not make a stream that somebody deleted.
    await ensureStream(link, { retentionMs, signal: AbortSignal.timeout(patience) });
    return { unsuitable: undefined, replicas: config.num_replicas };
  } catch (error) {
    if (isStreamNotFound(error)) return { unsuitable: `There is no stream ${name}`, replicas: 0 };
    if (error instanceof GenwardenError && error.code === 'NatsUnsuitable') {
      return { unsuitable: error.message, replicas: 0 };
    }
    throw error;
  }
}

async function leaderOf(link: NatsLink, leaseMs: number): Promise<string | undefined> {
  const kv = await openBucket(link, 'leader', leaseMs);
  const holder = await link.whileConnected(() => kv.get('controller'));
  if (holder === null || holder.operation !== 'PUT') return undefined;
  const { name } = holder.json<{ name?: unknown }>();
  return typeof name === 'string' ? name : 'a controller without a name';
}

async function inTime<T>(look: Promise<T>): Promise<T> {
  const late = pause(patience, undefined, { ref: false }).then(() => {
    throw new GenwardenError('Unavailable', `NATS did not answer within ${patience / 1_000} s`);
  });
  try {
    return await Promise.race([look, late]);
  } catch (error) {
    throw portError(error, 'Unavailable', 'NATS did not answer');
  }
}
