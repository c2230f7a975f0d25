// Elects a leader among processes: a key in NATS KV that expires unless its holder renews it.

import { randomUUID } from 'node:crypto';
import type { KV, KvEntry } from '@nats-io/kv';
import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import type { Candidate, Leadership } from '../../../ports/leadership.ts';
import { isConflict } from '../jetstream/errors.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import { openBucket } from './bucket.ts';
import type { NatsLink } from '../link/connection.ts';

export interface LeadershipOptions {
  /** How long a silent leader blocks others, ms; 3,000 by default. The bucket's expiry, so the same for all processes. */
  readonly leaseMs?: number;
  /** 900 by default. */
  readonly renewMs?: number;
  /** How often a standby checks the key, ms; 250 by default. */
  readonly checkMs?: number;
}

/** If a leader dies together with a worker, the recovery of the worker's tasks takes less than three seconds longer. */
export const defaultLease: Required<LeadershipOptions> = { leaseMs: 3_000, renewMs: 900, checkMs: 250 };

type Times = Required<LeadershipOptions>;

interface Bucket {
  readonly link: NatsLink;
  readonly kv: KV;
  readonly times: Times;
}

interface Term {
  readonly key: string;
  /** What the holder writes; unique to this term. */
  readonly mark: string;
  revision: number;
  /** This process's monotonic time when it sent the last renewal that the server has confirmed. */
  renewedAt: number;
}

export async function natsLeadership(link: NatsLink, options: LeadershipOptions = {}): Promise<Leadership> {
  const times = { ...defaultLease, ...options };
  // The bucket has the expiry: `update` drops one that `create` has set on a key.
  const bucket = { link, kv: await openBucket(link, 'leader', times.leaseMs), times };
  return {
    campaign: async (candidate, lead, signal) => {
      while (!signal.aborted) {
        const term = await takeLease(bucket, candidate).catch(() => undefined);
        if (term !== undefined) await leadDuring(bucket, term, lead, signal);
        // After a term this process waits longer, so that the others come first.
        const wait = times.checkMs * (term === undefined ? 1 : 3);
        await sleep(wait, signal);
      }
    },
  };
}

async function takeLease({ link, kv }: Bucket, candidate: Candidate): Promise<Term | undefined> {
  const { role: key, name } = candidate;
  const holder = await link.whileConnected(() => kv.get(key));
  if (isHeld(holder)) return undefined;
  // The last message of a key that was released is a deletion.
  const previousSeq = holder?.revision ?? 0;
  const mark = JSON.stringify({ name, term: randomUUID() });
  const renewedAt = performance.now();
  try {
    const revision = await link.whileConnected(() => kv.put(key, mark, { previousSeq }));
    return { key, mark, revision, renewedAt };
  } catch (error) {
    if (isConflict(error)) return undefined;
    storageOf(link).failed(`KV_${link.prefix}_leader`, error);
    // The answer was lost, but perhaps not the write: a term without a holder expires like any other.
    throw error;
  }
}

async function leadDuring(
  bucket: Bucket,
  term: Term,
  lead: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  const renewing = renewUntilLost(bucket, term, ended.signal).then((why) => {
    if (!ended.signal.aborted) ended.abort(new GenwardenError('NotReady', `Lost the leadership: ${why}`));
  });
  try {
    await lead(signal);
  } catch (error) {
    const message = 'The leader stopped because of an error';
    if (!signal.aborted) logEvent(bucket.link.log, 'leader_failed', { err: error }, message);
  }
  ended.abort(new GenwardenError('NotReady', 'The leader stopped leading.'));
  await renewing;
  await resign(bucket, term);
}

/** Renews until the signal aborts, or until the lease can no longer be relied on. Returns why it ended. */
async function renewUntilLost(bucket: Bucket, term: Term, signal: AbortSignal): Promise<string> {
  const { renewMs, leaseMs } = bucket.times;
  // A standby sees the key expire at the end of the lease: the holder must stop before that.
  const holdFor = leaseMs * 0.9;
  for (let wait = renewMs; !signal.aborted;) {
    const left = term.renewedAt + holdFor - performance.now();
    if (left <= 0) return `no renewal for ${Math.round(holdFor)} ms`;
    await sleep(Math.min(wait, left), signal);
    if (signal.aborted || performance.now() >= term.renewedAt + holdFor) continue;
    const outcome = await within(term.renewedAt + holdFor - performance.now(), renew(bucket, term), signal);
    if (outcome === 'taken') return 'another process leads';
    wait = outcome === 'renewed' ? renewMs : renewMs / 5;
  }
  return 'the term ended';
}

type Renewal = 'renewed' | 'unanswered' | 'taken';

async function renew({ link, kv, times }: Bucket, term: Term): Promise<Renewal> {
  const asked = performance.now();
  try {
    const { key, mark, revision } = term;
    term.revision = await link.whileConnected(() => kv.update(key, mark, revision, times.renewMs));
    term.renewedAt = asked;
    return 'renewed';
  } catch (error) {
    if (!isConflict(error)) {
      storageOf(link).failed(`KV_${link.prefix}_leader`, error);
      return 'unanswered';
    }
  }
  return stillOurs({ link, kv, times }, term).catch(() => 'unanswered');
}

/** A renewal may be refused because an earlier one of this process succeeded and its answer was lost. */
async function stillOurs({ link, kv }: Bucket, term: Term): Promise<Renewal> {
  const holder = await link.whileConnected(() => kv.get(term.key));
  if (holder === null || !isHeld(holder) || holder.string() !== term.mark) return 'taken';
  term.revision = holder.revision;
  return 'unanswered';
}

/** The outcome of `work`, or `unanswered` after `ms` or when the signal aborts. */
async function within(ms: number, work: Promise<Renewal>, signal: AbortSignal): Promise<Renewal> {
  const done = new AbortController();
  const timeout = sleep(ms, AbortSignal.any([signal, done.signal])).then(() => 'unanswered' as const);
  const outcome = await Promise.race([work, timeout]);
  done.abort();
  return outcome;
}

/**
 * Lets a standby take over immediately. The expected revision protects the term of another process that has taken over
 * already.
 */
async function resign({ link, kv }: Bucket, term: Term): Promise<void> {
  await link.whileConnected(() => kv.delete(term.key, { previousSeq: term.revision })).catch(() => undefined);
}

function isHeld(holder: KvEntry | null): boolean {
  return holder !== null && holder.operation === 'PUT';
}
