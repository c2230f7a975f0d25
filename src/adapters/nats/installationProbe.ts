// Checks the NATS server, the stream and the leader's key, for `genwarden doctor`.

import type { JetStreamAccountStats } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import { untilAborted } from '../../async/abort.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { InstallationProbe, NatsStatus } from '../../ports/installationProbe.ts';
import { askApi, streamInfo } from './jetstream/api.ts';
import { storageIn } from './jetstream/accountRoom.ts';
import { isStreamNotFound, portError } from './jetstream/errors.ts';
import { once } from './jetstream/retry.ts';
import { openBucket } from './kv/bucket.ts';
import { defaultLease } from './kv/leadership.ts';
import type { NatsLink } from './link/connection.ts';
import { withoutLogin } from './link/urlLogin.ts';
import { streamName } from './stream/subjects.ts';
import { keptByTaskStream } from './stream/taskStream.ts';

export interface InstallationProbeOptions {
  readonly retentionMs: number;
  /** The addresses of the settings; logins are not shown. */
  readonly urls: readonly string[];
  /** The lease of the leader's key, ms; as for `natsLeadership`. */
  readonly leaseMs?: number;
}

/** How long one check may take, ms. */
const timeout = 5_000;

export function natsInstallationProbe(link: NatsLink, options: InstallationProbeOptions): InstallationProbe {
  const addresses = options.urls.map(withoutLogin);
  let server = serverOf(link);
  const where = () => ({ addresses, server: (server = serverOf(link) ?? server) ?? 'none yet' });
  return {
    where,
    nats: async () => ({ ...(await inTime(checkNats(link, options.retentionMs))), ...where() }),
    leader: () => inTime(leaderOf(link, options.leaseMs ?? defaultLease.leaseMs)),
  };
}

/** The client knows neither while it reconnects. */
function serverOf({ connection }: NatsLink): string | undefined {
  const { info } = connection;
  if (info === undefined) return undefined;
  const address = `nats://${connection.getServer()}`;
  // A server without a name uses its id.
  return info.server_name === info.server_id ? address : `${address} (${info.server_name})`;
}

async function checkNats(link: NatsLink, retentionMs: number): Promise<Omit<NatsStatus, 'server' | 'addresses'>> {
  const asked = performance.now();
  const stats = await askApi<JetStreamAccountStats>(link, 'INFO', {}, once);
  const roundTripMs = performance.now() - asked;
  return {
    version: link.connection.info?.version ?? 'unknown',
    roundTripMs,
    ...(await checkStream(link, retentionMs)),
    storage: storageIn(stats, link.replicas),
    artifacts: await artifactsIn(link),
  };
}

/** Only looks: a check must neither create a stream that was deleted nor change one. */
async function checkStream(
  link: NatsLink,
  retentionMs: number,
): Promise<Pick<NatsStatus, 'unsuitable' | 'kept' | 'replicas' | 'maxAgeMs'>> {
  const name = streamName(link.prefix);
  const none = { kept: [], replicas: 0, maxAgeMs: undefined };
  try {
    const info = await streamInfo(link, name, once);
    const { config } = info;
    const kept = await keptByTaskStream(link, retentionMs, info);
    const maxAgeMs = config.max_age > 0 ? millis(config.max_age) : undefined;
    return { unsuitable: undefined, kept, replicas: config.num_replicas, maxAgeMs };
  } catch (error) {
    if (isStreamNotFound(error)) return { ...none, unsuitable: `There is no stream ${name}` };
    if (error instanceof GenwardenError && error.code === 'NatsUnsuitable')
      return { ...none, unsuitable: error.message };
    throw error;
  }
}

/** Undefined if artifacts are elsewhere. */
async function artifactsIn(link: NatsLink): Promise<NatsStatus['artifacts']> {
  try {
    const { config, state } = await streamInfo(link, `OBJ_${link.prefix}_artifacts`, once);
    return { used: state.bytes, limit: config.max_bytes };
  } catch {
    // The check of the artifact store tells more.
    return undefined;
  }
}

async function leaderOf(link: NatsLink, leaseMs: number): Promise<string | undefined> {
  const kv = await openBucket(link, 'leader', leaseMs);
  const holder = await link.whileConnected(() => kv.get('controller'));
  if (holder === null || holder.operation !== 'PUT') return undefined;
  const { name } = holder.json<{ name?: unknown }>();
  return typeof name === 'string' ? name : 'a controller without a name';
}

async function inTime<T>(check: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(timeout);
  try {
    return await untilAborted(check, late);
  } catch (error) {
    if (error !== late.reason) throw portError(error, 'Unavailable', 'The check of NATS failed');
    throw new GenwardenError('Unavailable', `NATS did not answer within ${timeout / 1_000} s`);
  }
}
