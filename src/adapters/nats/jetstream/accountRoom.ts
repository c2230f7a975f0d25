// Keeps the last part of the account's storage free for statuses: submits and artifacts, which would use it up, stop earlier.

import type { JetStreamAccountStats } from '@nats-io/jetstream';
import { GenwardenError } from '../../../job/errors/index.ts';
import { storageTitle, type StorageRefusal } from '../../../job/storage.ts';
import { askApi } from './api.ts';
import type { RequestLink } from './requests.ts';
import { once } from './retry.ts';
import { storageOf } from './storageHealth.ts';

/** File storage of an account, bytes; a limit of -1 means no limit. */
export interface AccountStorage {
  readonly used: number;
  readonly limit: number;
}

/** Shares of the limit. */
const submitsStopAt = 0.85;
const artifactsStopAt = 0.9;
const reuseFor = 1_000;

interface Known {
  readonly at: number;
  readonly storage: Promise<AccountStorage>;
  /** Bytes that this process has been given room for since. */
  given: number;
}

const knownByLink = new WeakMap<object, Known>();

/** The storage of streams with this many replicas, asked at most once a second. */
function accountStorage(link: RequestLink, replicas: number): Known {
  const before = knownByLink.get(link);
  if (before !== undefined && performance.now() - before.at < reuseFor) return before;
  const storage = askApi<JetStreamAccountStats>(link, 'INFO', '', once).then((stats) => storageIn(stats, replicas));
  const known = { at: performance.now(), storage, given: 0 };
  knownByLink.set(link, known);
  // A failure is not reused.
  storage.catch(() => knownByLink.delete(link));
  return known;
}

/** Accounts with tiers have a limit for each number of replicas. */
export function storageIn({ tiers, storage, limits }: JetStreamAccountStats, replicas: number): AccountStorage {
  const tier = tiers?.[`R${replicas}`] as Partial<JetStreamAccountStats> | undefined;
  return { used: tier?.storage ?? storage, limit: (tier?.limits ?? limits).max_storage };
}

/**
 * Throws `StorageFull` if `bytes` more would leave too little of the account's storage for statuses, or if the disk is known
 * to be full. An account that cannot be asked counts as having room.
 */
export async function roomInAccount(
  link: RequestLink & { readonly replicas: number },
  refuses: Exclude<StorageRefusal, 'statuses'>,
  bytes: number,
): Promise<void> {
  const marks = storageOf(link);
  const full = marks.onReserve;
  if (full !== undefined) throw new GenwardenError('StorageFull', `${storageTitle(full)}: ${full.words}.`);
  const known = accountStorage(link, link.replicas);
  const { used, limit } = await known.storage.catch(() => ({ used: 0, limit: -1 }));
  const share = refuses === 'submits' ? submitsStopAt : artifactsStopAt;
  if (limit <= 0 || used + known.given + bytes <= share * limit) {
    if (refuses === 'artifacts') known.given += bytes;
    return marks.hasRoom('account', refuses);
  }
  const words = `${Math.floor((100 * (used + known.given)) / limit)} % of ${limit} bytes are used; the rest is reserved for statuses`;
  marks.refused('account', refuses, words);
  throw new GenwardenError('StorageFull', `The storage of the NATS account is full: ${words}.`);
}
