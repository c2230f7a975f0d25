// The circuit breaker of one model of a pool's provider: whether calls are admitted, when the next probe is due, and whether a
// failure belongs to an outage or to its task. Pure.

import type { ProviderAnswer, TaskError, TaskErrorCode } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/task.ts';
import { boundedRetryAfter } from '../../../job/retryAfter.ts';

interface Failure {
  readonly task: string;
  readonly at: Instant;
}

/** The one call that may probe a provider that is out. */
interface Probe {
  readonly id: string;
  readonly task: string;
  /** The right to probe lapses at this time unless its holder renews it. */
  readonly until: Instant;
}

interface OpenBreaker {
  readonly since: Instant;
  /** Failures as far as they were stored. */
  readonly failures: number;
  /** Failed probes. */
  readonly probes: number;
  readonly nextProbeAt: Instant;
  readonly probe: Probe | null;
  /** The task of the last failure. Another task probes first, as this one may be the cause. */
  readonly lastTask: string;
  readonly code: TaskErrorCode;
  readonly provider: ProviderAnswer | null;
  readonly message: string;
}

export interface HealthRecord {
  readonly model: string;
  /** Null while the breaker is closed. */
  readonly open: OpenBreaker | null;
  /** The last failures of two different tasks, newest first. They corroborate each other even if a success came between. */
  readonly failures: readonly Failure[];
  /** Up to three failures since the last success, newest first. */
  readonly streak: readonly Failure[];
}

/** A call as the breaker knows it. */
export interface ProbedCall {
  readonly id: string;
  readonly task: string;
}

const recent = 60_000;
/** Probes become rarer the longer an outage lasts: a sixth of its duration, within these bounds, ms. */
const probeEvery = { shortest: 2_000, longest: 15_000, share: 1 / 6 };
/** An outage that no call has probed for this long after a probe was due is not known to continue. */
const unprobedFor = 600_000;
/** Failures of calls other than the probe are stored at most once in this time. */
const storeEvery = 1_000;

const silentCodes: readonly TaskErrorCode[] = [
  'AttemptTimeout',
  'RunTimeout',
  'DeadlineExceeded',
  'WorkerDrained',
  'WorkerLost',
  'WorkerError',
];

/** The call ended without an answer from the provider. */
export const isSilence = (code: TaskErrorCode): boolean => silentCodes.includes(code);

export const healthy = (model: string): HealthRecord => ({ model, open: null, failures: [], streak: [] });

/** The open breaker; null if it is closed. */
export function openBreaker({ open }: HealthRecord, now: Instant): OpenBreaker | null {
  if (open === null) return null;
  const stale = open.nextProbeAt + unprobedFor < now && (open.probe?.until ?? 0) <= now;
  return stale ? null : open;
}

/** When a call of this task may probe: now or later. Any task if it is undefined. */
export function probeAt(open: OpenBreaker, task: string | undefined, now: Instant): Instant {
  if (open.probe !== null && open.probe.until > now) return open.probe.until;
  return Math.max(now, open.nextProbeAt + (task === open.lastTask ? intervalOf(open.since, open.nextProbeAt) : 0));
}

/** Gives the probe to this call if one is due. */
export function startProbe(record: HealthRecord, { id, task }: ProbedCall, now: Instant, lasts: number): HealthRecord {
  const open = openBreaker(record, now);
  if (open === null || probeAt(open, task, now) > now) return record;
  return { ...record, open: { ...open, probe: { id, task, until: now + lasts } } };
}

export const isProbe = ({ open }: HealthRecord, id: string): boolean => open?.probe?.id === id;

export function renewProbe(record: HealthRecord, id: string, now: Instant, lasts: number): HealthRecord {
  if (!isProbe(record, id)) return record;
  const open = record.open!;
  return { ...record, open: { ...open, probe: { ...open.probe!, until: now + lasts } } };
}

/** The probe was not sent: the next call may probe. */
export function returnProbe(record: HealthRecord, id: string): HealthRecord {
  return isProbe(record, id) ? { ...record, open: { ...record.open!, probe: null } } : record;
}

/** A success, or any other answer to the probe that is not a failure of the provider, closes the breaker. */
export function afterAnswer(record: HealthRecord, id: string, success: boolean): HealthRecord {
  if (!success && !isProbe(record, id)) return record;
  return record.open === null && record.streak.length === 0 ? record : { ...record, open: null, streak: [] };
}

/** A probe that ended without an answer; other calls that end like that show nothing. */
export function afterSilence(record: HealthRecord, { id, task }: ProbedCall, now: Instant): HealthRecord {
  if (!isProbe(record, id)) return record;
  const open = record.open!;
  const probes = open.probes + 1;
  const nextProbeAt = now + intervalOf(open.since, now);
  return { ...record, open: { ...open, probe: null, probes, nextProbeAt, lastTask: task } };
}

/** A failure with one of the outage codes. Returns the same record if there is nothing new to store. */
export function afterOutage(record: HealthRecord, call: ProbedCall, error: TaskError, now: Instant): HealthRecord {
  const failure: Failure = { task: call.task, at: now };
  const failures = [failure, ...record.failures.filter(({ task }) => task !== call.task)].slice(0, 2);
  const open = openBreaker(record, now);
  if (open === null) {
    const streak = [failure, ...record.streak.filter(({ at }) => at > now - recent)].slice(0, 3);
    return { ...record, failures, streak, open: opens(error, streak) ? opened(error, streak, now) : null };
  }
  const next = failedWhileOpen(open, call, error, now);
  // Two tasks must be on record, or a success from before the outage would make the first one's next failure its own.
  const areKnown = record.failures.length === 2 && record.failures.every(({ at }) => at > now - recent / 2);
  return next === open && areKnown ? record : { ...record, failures, open: next };
}

/** The failure of this task belongs to an outage: the breaker was open before, or another task has just failed alike. */
export function isKnownOutage(record: HealthRecord, failing: string, now: Instant): boolean {
  const other = record.failures.some(({ task, at }) => task !== failing && at > now - recent);
  return other || openBreaker(record, now) !== null;
}

/** A single 500 can be the task's fault. */
function opens({ code }: TaskError, streak: readonly Failure[]): boolean {
  return code !== 'ProviderError' || streak.length >= 3 || new Set(streak.map(({ task }) => task)).size > 1;
}

function opened(error: TaskError, streak: readonly Failure[], now: Instant): OpenBreaker {
  return {
    since: streak.at(-1)!.at,
    failures: streak.length,
    probes: 0,
    nextProbeAt: now + delayAfter(streak.at(-1)!.at, error, now),
    probe: null,
    lastTask: streak[0]!.task,
    ...wordsOf(error),
  };
}

function failedWhileOpen(open: OpenBreaker, { id, task }: ProbedCall, error: TaskError, now: Instant): OpenBreaker {
  const failures = open.failures + 1;
  if (open.probe?.id === id) {
    const probes = open.probes + 1;
    const nextProbeAt = now + delayAfter(open.since, error, now);
    return { ...open, ...wordsOf(error), failures, probes, nextProbeAt, probe: null, lastTask: task };
  }
  // A call from before the outage: it moves the next probe only by the provider's request to wait.
  const nextProbeAt = Math.max(open.nextProbeAt, now + (boundedRetryAfter(error.retryAfter) ?? 0));
  const isNews = nextProbeAt > open.nextProbeAt + storeEvery;
  return isNews ? { ...open, ...wordsOf(error), failures, nextProbeAt } : open;
}

const intervalOf = (since: Instant, now: Instant): number =>
  Math.min(probeEvery.longest, Math.max(probeEvery.shortest, Math.round((now - since) * probeEvery.share)));

const delayAfter = (since: Instant, { retryAfter }: TaskError, now: Instant): number =>
  Math.max(intervalOf(since, now), boundedRetryAfter(retryAfter) ?? 0);

function wordsOf({ code, provider, message }: TaskError) {
  return { code, provider: provider ?? null, message: message.slice(0, 300) };
}
