// The shared state of one provider key: the grants of the last minute, the requests in flight, and whether it is cooling or
// refused. Pure: each change takes the record and the server's time and returns the next record.

import { z } from 'zod';
import type { KeyOutcome, KeyState } from '../../../ports/keyRing.ts';
import { backoffCeiling } from '../../../job/backoff.ts';
import type { Instant } from '../../../job/task.ts';

export interface KeyLimits {
  readonly requestsPerMinute: number;
  readonly maxInFlight: number;
}

export interface Hold {
  readonly id: string;
  /** The hold lapses at this time unless its holder renews it, so that a killed worker's holds disappear. */
  readonly until: Instant;
  /** The second of the grant, to give the request back if it was not used. */
  readonly second: number;
}

export interface KeyRecord extends KeyLimits {
  /** The last minute's grants by second of the server's time, oldest first. */
  readonly grants: readonly (readonly [second: number, count: number])[];
  readonly holds: readonly Hold[];
  readonly coolUntil: Instant;
  /** Rate limits in a row. */
  readonly strikes: number;
  readonly refusedUntil: Instant;
  readonly cause: string | null;
  /** When a process last had this key in its settings. */
  readonly seenAt: Instant;
}

export const holdFor = 30_000;
const minute = 60_000;
const coolDown = { first: 5_000, cap: 60_000 };
const quotaFor = 3_600_000;
const refusedFor = 600_000;

export function emptyRecord(limits: KeyLimits, now: Instant): KeyRecord {
  const { requestsPerMinute, maxInFlight } = limits;
  const nothing = { grants: [], holds: [], coolUntil: 0, strikes: 0, refusedUntil: 0, cause: null };
  return { requestsPerMinute, maxInFlight, ...nothing, seenAt: now };
}

/**
 * The earliest time of the next request: now, or a time that only a release can bring forward. Never more than
 * `requestsPerMinute` in any 60 s: a credit bucket (GCRA) would allow its burst plus the minute's rate.
 */
export function readyAt(record: KeyRecord, now: Instant): Instant {
  return Math.max(now, record.coolUntil, record.refusedUntil, rateReadyAt(record, now), flightReadyAt(record, now));
}

/** How many more requests may be made now. */
export function room(record: KeyRecord, now: Instant): number {
  if (Math.max(record.coolUntil, record.refusedUntil) > now) return 0;
  const granted = inMinute(record, now).reduce((sum, [, count]) => sum + count, 0);
  return Math.max(0, Math.min(record.requestsPerMinute - granted, record.maxInFlight - inFlight(record, now)));
}

/** Adds a grant under this id. The same id again changes nothing: the answer to an earlier grant may have been lost. */
export function grant(record: KeyRecord, id: string, now: Instant): KeyRecord {
  if (record.holds.some((hold) => hold.id === id)) return record;
  const second = Math.floor(now / 1_000);
  const grants = inMinute(record, now).filter(([at]) => at !== second);
  const count = (record.grants.find(([at]) => at === second)?.[1] ?? 0) + 1;
  const holds = [...liveHolds(record, now), { id, until: now + holdFor, second }];
  return { ...record, grants: [...grants, [second, count]], holds };
}

/** Renews the holds; one that lapsed while its holder was disconnected counts again. */
export function renew(record: KeyRecord, ids: readonly string[], now: Instant): KeyRecord {
  const others = liveHolds(record, now).filter(({ id }) => !ids.includes(id));
  const second = Math.floor(now / 1_000);
  const renewed = ids.map((id) => ({
    id,
    until: now + holdFor,
    second: record.holds.find((hold) => hold.id === id)?.second ?? second,
  }));
  return { ...record, holds: [...others, ...renewed], seenAt: now };
}

/** Ends a hold and applies its outcome to the key. */
export function release(record: KeyRecord, id: string, outcome: KeyOutcome, now: Instant): KeyRecord {
  const hold = record.holds.find((candidate) => candidate.id === id);
  const rest = { ...record, holds: liveHolds(record, now).filter((candidate) => candidate.id !== id) };
  if (outcome.outcome === 'unused') return hold === undefined ? rest : { ...rest, grants: lessOne(rest, hold.second) };
  // A call that started before the key began to cool is no evidence of its state now.
  if (outcome.outcome !== 'failed') return record.coolUntil > now ? rest : { ...rest, strikes: 0 };
  return afterError(rest, outcome.error, now);
}

function afterError(
  record: KeyRecord,
  { code, retryAfter }: Extract<KeyOutcome, { outcome: 'failed' }>['error'],
  now: Instant,
): KeyRecord {
  // Ten parallel calls that are all refused count as one rate limit, not ten in a row.
  const strikes = record.coolUntil > now ? record.strikes : record.strikes + 1;
  const coolFor = (delay: number): KeyRecord => {
    return { ...record, cause: code, coolUntil: Math.max(record.coolUntil, now + delay), strikes };
  };
  if (code === 'RateLimited') return coolFor(retryAfter ?? backoffCeiling(strikes, coolDown));
  if (code === 'QuotaExhausted') return coolFor(retryAfter ?? quotaFor);
  if (code === 'KeyRefused') return { ...record, cause: code, refusedUntil: now + refusedFor };
  return record;
}

const unknown = { provider: null, message: '', models: [] };

export function stateOf(pool: string, fingerprint: string, record: KeyRecord, now: Instant): KeyState {
  const { refusedUntil, coolUntil, cause, requestsPerMinute } = record;
  const base = { pool, fingerprint, requestsPerMinute, inFlight: inFlight(record, now), ...unknown };
  if (refusedUntil > now) return { ...base, state: 'refused', until: refusedUntil, cause };
  if (coolUntil > now) return { ...base, state: 'cooling', until: coolUntil, cause };
  return { ...base, state: room(record, now) > 0 ? 'ready' : 'busy', until: null, cause: null };
}

export const inFlight = (record: KeyRecord, now: Instant): number => liveHolds(record, now).length;
const liveHolds = ({ holds }: KeyRecord, now: Instant): readonly Hold[] => holds.filter(({ until }) => until > now);

/** A second counts as a whole as long as any part of it is within the minute. */
function inMinute({ grants }: KeyRecord, now: Instant): readonly (readonly [number, number])[] {
  const oldest = Math.floor((now - minute) / 1_000);
  return grants.filter(([second, count]) => second >= oldest && count > 0);
}

function rateReadyAt(record: KeyRecord, now: Instant): Instant {
  const recent = inMinute(record, now);
  let granted = recent.reduce((sum, [, count]) => sum + count, 0);
  let at = now;
  for (const [second, count] of recent) {
    if (granted < record.requestsPerMinute) break;
    granted -= count;
    at = (second + 1) * 1_000 + minute;
  }
  return at;
}

function flightReadyAt(record: KeyRecord, now: Instant): Instant {
  const ends = liveHolds(record, now)
    .map(({ until }) => until)
    .toSorted((a, b) => a - b);
  const surplus = ends.length - record.maxInFlight;
  return surplus < 0 ? now : ends[surplus]!;
}

function lessOne({ grants }: KeyRecord, second: number): KeyRecord['grants'] {
  return grants.map(([at, count]) => [at, at === second ? count - 1 : count] as const);
}

const moment = z.number();
const count = z.int().min(0);

const recordSchema: z.ZodType<KeyRecord> = z.object({
  requestsPerMinute: count,
  maxInFlight: count,
  grants: z.array(z.tuple([z.int(), count])),
  holds: z.array(z.object({ id: z.string(), until: moment, second: z.int() })),
  coolUntil: moment,
  strikes: count,
  refusedUntil: moment,
  cause: z.string().nullable(),
  seenAt: moment,
});

/** Undefined for a record that cannot be read; the next write then starts with an empty one. */
export function readRecord(bytes: Uint8Array): KeyRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
