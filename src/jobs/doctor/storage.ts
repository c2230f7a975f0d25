// Checks NATS, the stream and the artifact store: reachable, correctly configured, writable, and with space left.

import type { JobsContext } from '../context.ts';
import { fine, wrong, type Check } from './check.ts';

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
    fine('nats', `version ${version}, answers in ${roundTripMs.toFixed(1)} ms`),
    unsuitable === undefined
      ? fine('settings', `the stream fits, ${copies} of each message`)
      : wrong('settings', unsuitable, 'Correct the stream as the message says, or restart this API to make it.'),
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

/** From here on submits are refused, so that there is always room for the statuses of jobs that are in. */
const fullFrom = 0.85;

function space(name: string, used: number, limit: number, advice: string): Check {
  const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  if (limit <= 0) return fine(name, `${mib(used)} used, without a limit but the disk's`);
  const says = `${mib(used)} of ${mib(limit)} used (${Math.round((100 * used) / limit)} %)`;
  return used < fullFrom * limit ? fine(name, says) : wrong(name, says, advice);
}

/** Writes, reads and deletes bytes that nobody else has. */
async function artifacts({ artifacts: store, random }: StorageContext, tenant: string): Promise<Check> {
  const advice = 'Check the artifact store: space, limits, credentials.';
  try {
    const started = performance.now();
    const { digest } = await store.put(tenant, random(64), 'application/octet-stream');
    const read = await store.read(tenant, digest);
    await store.delete(tenant, digest);
    if (read?.length !== 64) return wrong('artifacts', 'what was just written cannot be read', advice);
    return fine('artifacts', `written, read and deleted in ${(performance.now() - started).toFixed(0)} ms`);
  } catch (error) {
    return wrong('artifacts', error instanceof Error ? error.message : String(error), advice);
  }
}
