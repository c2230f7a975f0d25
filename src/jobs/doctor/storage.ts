// The checks of NATS, of its stream, and of the room that is left.

import { limitText } from '../../job/duration.ts';
import { clockTime } from '../../job/explain/format.ts';
import { storageAdvice, storageEffect, storageTitle } from '../../job/storage.ts';
import type { NatsStatus } from '../../ports/installationProbe.ts';
import type { JobsContext } from '../context.ts';
import { fullStorage, type StorageView } from '../storage.ts';
import { failed, noted, passed, type Check } from './check.ts';

export type StorageContext = Pick<JobsContext, 'installation' | 'log' | 'retentionMs'> & StorageView;

export async function nats({ installation, retentionMs }: StorageContext): Promise<Check[]> {
  if (installation === undefined) return [];
  const status = await installation.nats();
  const { version, roundTripMs, server, addresses, storage, artifacts } = status;
  const given = addresses.length > 1 ? ` of ${addresses.join(', ')}` : '';
  return [
    passed('nats', `${server}${given}, version ${version}, answers in ${roundTripMs.toFixed(1)} ms`),
    settings(status, retentionMs),
    space('account', storage, `Raise the account's JetStream storage, or delete jobs. ${aboutRetention}`),
    ...(artifacts === undefined ? [] : [space('bucket', artifacts, storageAdvice({ place: 'artifacts' }))]),
  ];
}

/** Where this process looks for NATS, when it does not answer. */
export function whyNatsFails({ installation }: StorageContext): string {
  const { addresses = [], server } = installation?.where?.() ?? {};
  const where = addresses.length === 0 ? '' : ` at ${addresses.join(', ')}`;
  const last = server === undefined || addresses.includes(server) ? '' : `; last connected to ${server}`;
  return `NATS does not answer${where}${last}`;
}

const settingsAdvice = 'Correct the stream as described, or restart this API to create it.';

function settings({ unsuitable, kept = [], replicas, maxAgeMs }: NatsStatus, retentionMs: number): Check {
  if (unsuitable !== undefined) return failed('settings', unsuitable, settingsAdvice);
  if (kept.length > 0) {
    const all = (part: 'says' | 'advice', between: string): string => kept.map((one) => one[part]).join(between);
    return failed('settings', all('says', '; '), all('advice', ' '));
  }
  const copies = replicas === 1 ? 'one copy' : `${replicas} copies`;
  const sound = `the stream is configured correctly, ${copies} of each message`;
  if (maxAgeMs === undefined || maxAgeMs <= retentionMs + spareMs) return passed('settings', sound);
  const longer = `${sound}; it keeps messages for ${limitText(maxAgeMs)}, but GENWARDEN_RETENTION is ${limitText(retentionMs)}`;
  return noted('settings', longer, aboutRetention);
}

/** By how much messages outlive the retention, and a margin for an operator who rounds up, ms. */
const spareMs = 2 * 3_600_000;

const aboutRetention =
  'A lower GENWARDEN_RETENTION holds for jobs that are submitted from then on, and frees nothing at once: the controller lowers the max_age of the stream when the jobs that were submitted before have expired.';

export async function stream({ log }: StorageContext): Promise<Check> {
  const { bytes, maxBytes } = await log.health();
  const advice = `Raise GENWARDEN_NATS_MAX_BYTES, the stream's max_bytes, or delete jobs. ${aboutRetention}`;
  return space('stream', { used: bytes, limit: maxBytes }, advice);
}

/** At this share of the limit, submits are refused, so that the statuses of stored jobs always have room. */
const fullFrom = 0.85;
const nearlyFullFrom = 0.7;

function space(
  name: string,
  { used, limit }: { readonly used: number; readonly limit: number },
  advice: string,
): Check {
  const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  if (limit <= 0) return passed(name, `${mib(used)} used; only the disk limits it`);
  const says = `${mib(used)} of ${mib(limit)} used (${Math.round((100 * used) / limit)} %)`;
  if (used >= fullFrom * limit) return failed(name, says, advice);
  return used < nearlyFullFrom * limit ? passed(name, says) : noted(name, `${says}: it is nearly full`, advice);
}

export function room(context: StorageContext): Check {
  const full = fullStorage(context);
  if (full === undefined) return passed('storage', 'no write was refused for lack of room');
  const says = `full since ${clockTime(full.since)}: ${storageTitle(full)} (${full.words}); ${storageEffect(full)}`;
  return failed('storage', says, storageAdvice(full));
}
