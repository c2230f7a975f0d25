// What a call's outcome means for its key: how long the provider's refusal, rate limit or quota keeps the key from being used,
// for one model or for all. Pure.

import { backoffCeiling, type Backoff } from '../../../job/backoff.ts';
import type { BlockReason } from '../../../job/block.ts';
import { isProviderFailure } from '../../../job/errors/failureKinds.ts';
import type { ProviderAnswer, TaskError, TaskErrorCode } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/task.ts';
import type { KeyOutcome, KeyState } from '../../../ports/keyRing.ts';
import { isSilence } from './health.ts';
import { boundedRetryAfter } from '../../../job/retryAfter.ts';
import {
  callsLastMinute,
  endHold,
  grant,
  holdOf,
  reportedInFlight,
  rateRoom,
  room,
  roomAt,
  type KeyRecord,
  type ModelSetback,
} from './record.ts';

const rateLimit: Backoff = { first: 5_000, cap: 60_000 };
const quota: Backoff = { first: 60_000, cap: 3_600_000 };
const refusals: Backoff = { first: 600_000, cap: 3_600_000 };
/** A quota or a permission that is missing is asked for again after this time, ms: a person may have added it. */
const missingFor = 60_000;
/** A rate limit this long after the last one is the first in a row again, ms. */
const remembered = 3_600_000;
const mostModels = 64;

/** The call that a hold is for. */
export interface HeldCall {
  readonly id: string;
  readonly model: string;
}

/** Why a key admits no call of a model, and until when. */
export interface Obstacle {
  readonly reason: BlockReason;
  readonly code: TaskErrorCode;
  readonly at: Instant;
  readonly since: Instant | null;
  readonly provider: ProviderAnswer | null;
  readonly message: string;
  /** `model`: the key has no quota of this model or may not use it; `key`: the key is refused altogether. */
  readonly missing: 'model' | 'key' | null;
}

/** Ends a hold and applies the outcome of its call to the key. */
export function release(record: KeyRecord, { id, model }: HeldCall, outcome: KeyOutcome, now: Instant): KeyRecord {
  const ended = endTrial(endHold(record, id, outcome.outcome === 'unused', now), id);
  const wasTrial = record.refusal?.trial === id;
  if (outcome.outcome === 'unused' || outcome.outcome === 'aborted') return ended;
  if (outcome.outcome === 'used') return accepted(withoutPast(ended, model, now), wasTrial);
  const { error } = outcome;
  if (error.code === 'KeyRefused') return refused(ended, error, wasTrial, now);
  // A trial without an answer shows nothing about the key.
  if (isProviderFailure(error.code) || isSilence(error.code)) return ended;
  return accepted(withSetback(ended, model, error, now), wasTrial);
}

/** Grants a call; the first one of a refused key is its trial. */
export function grantCall(record: KeyRecord, id: string, now: Instant, lasts?: number): KeyRecord {
  const next = grant(record, id, now, lasts);
  return next.refusal === null ? next : { ...next, refusal: { ...next.refusal, trial: id } };
}

/** How many more calls of this model the key admits now. */
export function roomFor(record: KeyRecord, model: string, now: Instant): number {
  if (obstacleOf(record, model, now) !== undefined) return 0;
  return record.refusal === null ? room(record, now) : 1;
}

/** Why the key admits no call of this model now; undefined if it admits one. `own` is the hold that asks, if it has one. */
export function obstacleOf(record: KeyRecord, model: string, now: Instant, own?: string): Obstacle | undefined {
  const set = refusalOf(record, now, own) ?? modelObstacle(record, model, now) ?? oldCoolDown(record, now);
  const at = own === undefined ? roomAt(record, now) : now;
  if (at <= (set?.at ?? now)) return set;
  return { reason: 'RateLimit', code: 'QueueTimeout', at, since: null, provider: null, message: '', missing: null };
}

/** Forgets why the provider refused the key, if it refused it before `since`. */
export function forgetRefusals(record: KeyRecord, since: Instant): KeyRecord {
  const old = (setback: { since: Instant }): boolean => setback.since < since;
  const models = record.models.filter((model) => model.state !== 'refused' || !old(model));
  const refusal = record.refusal !== null && old(record.refusal) ? null : record.refusal;
  if (refusal === record.refusal && models.length === record.models.length) return record;
  return { ...record, refusal, models };
}

/** `cooling` if at least one model is; `models` says which. */
export function stateOf(pool: string, fingerprint: string, record: KeyRecord, now: Instant): KeyState {
  const { requestsPerMinute, maxInFlight } = record;
  const live = record.models.filter(({ until }) => until > now);
  const models = live.map(({ model, state, until, cause }) => ({ model, state, until, cause }));
  const limits = { requestsPerMinute, requestsLeft: Math.max(0, rateRoom(record, now)), maxInFlight };
  const calls = { inFlight: reportedInFlight(record, now), callsLastMinute: callsLastMinute(record, now) };
  const base = { pool, fingerprint, ...limits, ...calls, models };
  const clear = { until: null, cause: null, provider: null, message: '' };
  if (record.refusal !== null) {
    const { until, cause, provider, message } = record.refusal;
    return { ...base, state: 'refused', until: until > now ? until : null, cause, provider, message };
  }
  const longest = live.toSorted((a, b) => b.until - a.until)[0];
  if (longest !== undefined) {
    const { until, cause, provider, message } = longest;
    return { ...base, state: 'cooling', until, cause, provider, message };
  }
  if (record.coolUntil > now)
    return { ...base, ...clear, state: 'cooling', until: record.coolUntil, cause: 'RateLimited' };
  return { ...base, ...clear, state: room(record, now) > 0 ? 'ready' : 'busy' };
}

function endTrial(record: KeyRecord, id: string): KeyRecord {
  return record.refusal?.trial === id ? { ...record, refusal: { ...record.refusal, trial: null } } : record;
}

/** The provider accepted the key. A call that started before the refusal shows nothing about the key's state now. */
const accepted = (record: KeyRecord, wasTrial: boolean): KeyRecord =>
  wasTrial ? { ...record, refusal: null } : record;

/** After a success, the model's next rate limit is the first in a row. */
function withoutPast(record: KeyRecord, model: string, now: Instant): KeyRecord {
  const models = record.models.filter((one) => one.model !== model || one.until > now);
  return models.length === record.models.length ? record : { ...record, models };
}

function refused(record: KeyRecord, error: TaskError, wasTrial: boolean, now: Instant): KeyRecord {
  const known = record.refusal;
  if (known !== null && !wasTrial) return record;
  const strikes = (known?.strikes ?? 0) + 1;
  const until = now + backoffCeiling(strikes, refusals);
  return { ...record, refusal: { ...wordsOf(error), since: known?.since ?? now, until, strikes, trial: null } };
}

function withSetback(record: KeyRecord, model: string, error: TaskError, now: Instant): KeyRecord {
  const known = record.models.find((one) => one.model === model && one.until > now - remembered);
  const next = setbackAfter(model, error, known, now);
  // A cool-down is never shortened, except by the news that there is no quota to wait for.
  if (next === undefined || (known !== undefined && known.until > next.until && !isMissing(next))) return record;
  const others = record.models.filter((one) => one.model !== model && one.until > now - remembered);
  return { ...record, models: [...others, next].toSorted((a, b) => a.until - b.until).slice(-mostModels) };
}

function setbackAfter(
  model: string,
  error: TaskError,
  known: ModelSetback | undefined,
  now: Instant,
): ModelSetback | undefined {
  // Ten parallel calls that are all rejected count as one rate limit, not ten in a row.
  const strikes = known === undefined ? 1 : known.until > now ? known.strikes : known.strikes + 1;
  const since = known !== undefined && known.until > now ? known.since : now;
  const set = (state: ModelSetback['state'], delay: number): ModelSetback => {
    return { ...wordsOf(error), model, state, since, until: now + delay, strikes };
  };
  const hint = boundedRetryAfter(error.retryAfter);
  switch (error.code) {
    case 'RateLimited':
      return set('cooling', hint ?? backoffCeiling(strikes, rateLimit));
    case 'QuotaExhausted':
      return set('exhausted', Math.max(hint ?? 0, backoffCeiling(strikes, quota)));
    case 'QuotaUnavailable':
      return set('noQuota', missingFor);
    case 'PermissionDenied':
      return set('refused', missingFor);
    default:
      return undefined;
  }
}

const isMissing = ({ state }: ModelSetback): boolean => state === 'noQuota' || state === 'refused';

function wordsOf({ code, message, provider }: TaskError) {
  return { cause: code, provider: provider ?? null, message: message.slice(0, 300) };
}

function refusalOf(record: KeyRecord, now: Instant, own: string | undefined): Obstacle | undefined {
  const known = record.refusal;
  if (known === null || (own !== undefined && known.trial === own)) return undefined;
  const trial = known.trial === null ? undefined : holdOf(record, known.trial, now);
  if (known.until <= now && trial === undefined) return own === undefined ? undefined : obstacle(now);
  return obstacle(Math.max(known.until, trial?.until ?? 0));

  function obstacle(at: Instant): Obstacle {
    const { since, provider, message } = known!;
    return { reason: 'KeysRefused', code: 'KeyRefused', at, since, provider, message, missing: 'key' };
  }
}

type Reason = Pick<Obstacle, 'reason' | 'code' | 'missing'>;

const reasons: Readonly<Record<ModelSetback['state'], Reason>> = {
  cooling: { reason: 'KeysCooling', code: 'RateLimited', missing: null },
  exhausted: { reason: 'QuotaExhausted', code: 'QuotaExhausted', missing: null },
  noQuota: { reason: 'QuotaExhausted', code: 'QuotaUnavailable', missing: 'model' },
  refused: { reason: 'KeysRefused', code: 'PermissionDenied', missing: 'model' },
};

function modelObstacle(record: KeyRecord, model: string, now: Instant): Obstacle | undefined {
  const set = record.models.find((one) => one.model === model && one.until > now);
  if (set === undefined) return undefined;
  const { until: at, since, provider, message } = set;
  return { ...reasons[set.state], at, since, provider, message };
}

function oldCoolDown({ coolUntil: at }: KeyRecord, now: Instant): Obstacle | undefined {
  return at > now ? { ...reasons.cooling, at, since: null, provider: null, message: '' } : undefined;
}
