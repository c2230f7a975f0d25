// Checks NATS, the stream and the artifact store: reachable, correctly configured, writable, and with space left.

import type { JobsContext } from '../context.ts';
import { passed, failed, type Check } from './check.ts';

type StorageContext = Pick<JobsContext, 'installation' | 'log' | 'artifacts' | 'random'>;
type NamedCheck = readonly [name: string, check: () => Promise<readonly Check[]>];

export function storageChecks(context: StorageContext, tenant: string): readonly NamedCheck[] {
  return [
    ['nats', () => nats(context)],
    ['stream', async () => [await stream(context)]],
    ['artifacts', async () => [await artifacts(context, tenant)]],
  ];
}

async function nats({ installation }: StorageContext): Promise<Check[]> {
  if (installation === undefined) return [];
  const { version, roundTripMs, unsuitable, replicas, storage } = await installation.nats();
  const copies = replicas === 1 ? 'one copy' : `${replicas} copies`;
  return [
    passed('nats', `version ${version}, answers in ${roundTripMs.toFixed(1)} ms`),
    unsuitable === undefined
      ? passed('settings', `the stream is configured correctly, ${copies} of each message`)
      : failed('settings', unsuitable, 'Correct the stream as described, or restart this API to create it.'),
    space(
      'account',
      storage.used,
      storage.limit,
      "Raise the account's JetStream storage, or lower GENWARDEN_RETENTION.",
    ),
  ];
}

async function stream({ log }: StorageContext): Promise<Check> {
  const { bytes, maxBytes } = await log.health();
  return space('stream', bytes, maxBytes, "Raise the stream's max_bytes, or lower GENWARDEN_RETENTION.");
}

/** From this share on, submits are refused, so that the statuses of stored jobs always have room. */
const fullFrom = 0.85;

function space(name: string, used: number, limit: number, advice: string): Check {
  const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  if (limit <= 0) return passed(name, `${mib(used)} used; only the disk limits it`);
  const says = `${mib(used)} of ${mib(limit)} used (${Math.round((100 * used) / limit)} %)`;
  return used < fullFrom * limit ? passed(name, says) : failed(name, says, advice);
}

/** Writes, reads and deletes random bytes. */
async function artifacts({ artifacts: store, random }: StorageContext, tenant: string): Promise<Check> {
  const advice = 'Check the space, limits and credentials of the artifact store.';
  try {
    const started = performance.now();
    const { digest } = await store.put(tenant, random(64), 'application/octet-stream');
    const read = await store.read(tenant, digest);
    await store.delete(tenant, digest);
    if (read?.length !== 64) return failed('artifacts', 'the bytes just written cannot be read', advice);
    return passed('artifacts', `written, read and deleted in ${(performance.now() - started).toFixed(0)} ms`);
  } catch (error) {
    return failed('artifacts', error instanceof Error ? error.message : String(error), advice);
  }
}
