// The shared record of one provider key: the requests of the last minute and those in flight. Pure: each change takes the record
// and the server's time and returns the next record.

import type { KeySettings } from '../../../ports/keyRing.ts';
import type { ProviderAnswer } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/task.ts';

export type KeyLimits = Omit<KeySettings, 'secret'>;

/** One reserved call. */
export interface Hold {
  readonly id: string;
  /** The hold lapses at this time unless its holder renews it, so that a killed worker's holds disappear. */
  readonly until: Instant;
  /** The second in which the request was last stamped; it counts for the minute after that. */
  readonly second: number;
  /** A request that was not sent yet counts, however old its stamp is. */
  readonly sent: boolean;
  /** Counted requests of this hold: more than one after `again`. */
  readonly requests: number;
}

/** Why the provider does not accept the key at all, or not for one model. */
interface Setback {
  readonly since: Instant;
  readonly until: Instant;
  /** How often in a row. */
  readonly strikes: number;
  /** The error's code. */
  readonly cause: string;
  readonly provider: ProviderAnswer | null;
  readonly message: string;
}

/** The provider refuses the key. After `until`, one call at a time may try it again. */
export interface Refusal extends Setback {
  /** The hold that tries the key. */
  readonly trial: string | null;
}

export interface ModelSetback extends Setback {
  readonly model: string;
  readonly state: 'cooling' | 'exhausted' | 'noQuota' | 'refused';
}

export interface KeyRecord extends KeyLimits {
  /** Requests by second of the server's time, oldest first. */
  readonly grants: readonly (readonly [second: number, count: number])[];
  readonly holds: readonly Hold[];
  /** A cool-down of all models, written by versions that did not tell models apart. */
  readonly coolUntil: Instant;
  readonly refusal: Refusal | null;
  readonly models: readonly ModelSetback[];
  /** When a process last had this key in its settings. */
  readonly seenAt: Instant;
}

/** How long a hold lasts without a renewal, ms. */
export const holdFor = 30_000;
/** A hold that was not renewed for so long has missed its renewal, ms: its process is gone or cut off. */
const reportedFor = holdFor / 3 + 2_000;
/** A request that is sent later than this after its stamp gets a new stamp first, ms. */
export const stampValidFor = 1_000;
/**
 * The provider counts a sliding minute by the arrival of requests. A request arrives up to `stampValidFor` after its stamp, and
 * two requests may differ by about a second in the time that they take to arrive, so a stamp counts for that much longer.
 */
const countedFor = 60_000 + stampValidFor + 1_000;

export function emptyRecord(limits: KeyLimits, now: Instant): KeyRecord {
  const { requestsPerMinute, maxInFlight } = limits;
  return {
    requestsPerMinute,
    maxInFlight,
    grants: [],
    holds: [],
    coolUntil: 0,
    refusal: null,
    models: [],
    seenAt: now,
  };
}

/** How many more requests the limits allow now. */
export function room(record: KeyRecord, now: Instant): number {
  return Math.max(0, Math.min(rateRoom(record, now), record.maxInFlight - inFlight(record, now)));
}

/** Requests of the last minute, over all workers: those that were sent, and those that a call reserved and did not return. */
export function callsLastMinute({ grants }: KeyRecord, now: Instant): number {
  const first = secondOf(now) - 59;
  return grants.reduce((sum, [second, count]) => sum + (second >= first ? count : 0), 0);
}

/** The earliest time at which the limits allow a request: now, or a time that only a release can bring forward. */
export function roomAt(record: KeyRecord, now: Instant): Instant {
  return Math.max(now, rateRoomAt(record, now), flightRoomAt(record, now));
}

/** Counts a request under this id. The same id again changes nothing: the answer to an earlier write may have been lost. */
export function grant(record: KeyRecord, id: string, now: Instant, lasts = holdFor): KeyRecord {
  if (holdOf(record, id, now) !== undefined) return record;
  const hold: Hold = { id, until: now + lasts, second: secondOf(now), sent: false, requests: 1 };
  return { ...addGrants(record, 1, now), holds: [...liveHolds(record, now), hold] };
}

/**
 * Moves the request's stamp to now, immediately before it is sent. A hold that lapsed is granted again if the limits allow
 * it; undefined if they do not.
 */
export function stamp(record: KeyRecord, id: string, now: Instant, lasts = holdFor): KeyRecord | undefined {
  const hold = holdOf(record, id, now);
  if (hold === undefined) {
    return room(record, now) > 0 ? stamp(grant(record, id, now, lasts), id, now, lasts) : undefined;
  }
  const moved = addGrants({ ...record, grants: lessOne(record, hold.second) }, 1, now);
  return withHold(moved, { ...hold, second: secondOf(now), sent: true, until: now + lasts }, now);
}

/** Counts the hold's next request, so that it has made `requests`; undefined if the limits do not allow one more. */
export function again(record: KeyRecord, id: string, requests: number, now: Instant): KeyRecord | undefined {
  const hold = holdOf(record, id, now);
  if (hold === undefined) return undefined;
  if (hold.requests >= requests) return record;
  if (rateRoom(record, now) < 1) return undefined;
  return withHold(addGrants(record, 1, now), { ...hold, requests, second: secondOf(now), sent: true }, now);
}

/** Renews the holds of a process; one that lapsed while the process was cut off counts again. */
export function renew(
  record: KeyRecord,
  own: readonly { readonly id: string; readonly sent: boolean }[],
  now: Instant,
): KeyRecord {
  const ids = new Set(own.map(({ id }) => id));
  const others = liveHolds(record, now).filter(({ id }) => !ids.has(id));
  const renewed = own.map(({ id, sent }): Hold => {
    const known = record.holds.find((hold) => hold.id === id);
    const base = known ?? { id, second: secondOf(now), requests: 1, sent };
    return { ...base, sent: base.sent || sent, until: now + holdFor };
  });
  return { ...record, holds: [...others, ...renewed], seenAt: now };
}

/** Ends a hold; `unused` also returns its request. */
export function endHold(record: KeyRecord, id: string, unused: boolean, now: Instant): KeyRecord {
  const hold = record.holds.find((candidate) => candidate.id === id);
  const rest = { ...record, holds: liveHolds(record, now).filter((candidate) => candidate.id !== id) };
  return unused && hold !== undefined ? { ...rest, grants: lessOne(rest, hold.second) } : rest;
}

export const inFlight = (record: KeyRecord, now: Instant): number => liveHolds(record, now).length;

/** As people see it. Admission still counts the holds of a process that may only be cut off. */
export const reportedInFlight = ({ holds }: KeyRecord, now: Instant): number =>
  holds.filter(({ until }) => until > now + holdFor - reportedFor).length;

export const holdOf = (record: KeyRecord, id: string, now: Instant): Hold | undefined =>
  liveHolds(record, now).find((hold) => hold.id === id);

const liveHolds = ({ holds }: KeyRecord, now: Instant): readonly Hold[] => holds.filter(({ until }) => until > now);
const secondOf = (now: Instant): number => Math.floor(now / 1_000);

/** A second counts as a whole as long as any part of it does. */
function counted({ grants }: KeyRecord, now: Instant): readonly (readonly [second: number, count: number])[] {
  const oldest = secondOf(now - countedFor);
  return grants.filter(([second, count]) => second >= oldest && count > 0);
}

/** When each counted request stops counting. One that was not sent yet counts at least until its hold lapses. */
function countedEnds(record: KeyRecord, now: Instant): readonly { at: Instant; count: number }[] {
  const unsent = liveHolds(record, now).filter(({ sent }) => !sent);
  const reserved = (second: number): number => unsent.filter((hold) => hold.second === second).length;
  const endOf = (second: number): Instant => (second + 1) * 1_000 + countedFor;
  return [
    ...counted(record, now).map(([second, count]) => ({ at: endOf(second), count: count - reserved(second) })),
    ...unsent.map(({ second, until }) => ({ at: Math.max(endOf(second), until), count: 1 })),
  ];
}

/** How many more requests the limit per minute allows now; below 0 after the limit was lowered. */
export function rateRoom(record: KeyRecord, now: Instant): number {
  return record.requestsPerMinute - countedEnds(record, now).reduce((sum, { count }) => sum + count, 0);
}

function rateRoomAt(record: KeyRecord, now: Instant): Instant {
  const all = countedEnds(record, now).toSorted((a, b) => a.at - b.at);
  let granted = all.reduce((sum, { count }) => sum + count, 0);
  let at = now;
  for (const end of all) {
    if (granted < record.requestsPerMinute) break;
    granted -= end.count;
    at = end.at;
  }
  return at;
}

function flightRoomAt(record: KeyRecord, now: Instant): Instant {
  const ends = liveHolds(record, now)
    .map(({ until }) => until)
    .toSorted((a, b) => a - b);
  const surplus = ends.length - record.maxInFlight;
  return surplus < 0 ? now : ends[surplus]!;
}

function addGrants(record: KeyRecord, count: number, now: Instant): KeyRecord {
  const second = secondOf(now);
  const others = counted(record, now).filter(([at]) => at !== second);
  const present = record.grants.find(([at]) => at === second)?.[1] ?? 0;
  return { ...record, grants: [...others, [second, present + count]] };
}

const withHold = (record: KeyRecord, hold: Hold, now: Instant): KeyRecord => ({
  ...record,
  holds: [...liveHolds(record, now).filter(({ id }) => id !== hold.id), hold],
});

function lessOne({ grants }: KeyRecord, second: number): KeyRecord['grants'] {
  return grants.map(([at, count]) => [at, at === second ? Math.max(0, count - 1) : count] as const);
}
