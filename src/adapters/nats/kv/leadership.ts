// Leadership among processes: a key in NATS KV that expires unless its holder renews it.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { KV, KvEntry } from '@nats-io/kv';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Candidate, Leadership } from '../../../ports/leadership.ts';
import { isConflict } from '../jetstream/errors.ts';
import { openBucket } from './bucket.ts';
import type { NatsLink } from '../link/connection.ts';

export interface LeadershipOptions {
  /** How long a silent leader stays in the way, ms; default 3,000. The bucket's expiry, so the same for all processes. */
  readonly leaseMs?: number;
  /** Default 900. */
  readonly renewMs?: number;
  /** How often a standby looks, ms; default 250. */
  readonly lookMs?: number;
}

/** A leader that dies with a worker shall add less than three seconds to the recovery of its tasks. */
export const defaultLease: Required<LeadershipOptions> = { leaseMs: 3_000, renewMs: 900, lookMs: 250 };

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
  /** This process's monotonic time at which the server has heard of us for sure. */
  renewedAt: number;
}

export async function natsLeadership(link: NatsLink, options: LeadershipOptions = {}): Promise<Leadership> {
  const times = { ...defaultLease, ...options };
  // The expiry is the bucket's: `update` drops one that `create` has set.
  const bucket = { link, kv: await openBucket(link, 'leader', times.leaseMs), times };
  return {
    campaign: async (candidate, lead, signal) => {
      while (!signal.aborted) {
        const term = await takeLease(bucket, candidate).catch(() => undefined);
        if (term !== undefined) await serve(bucket, term, lead, signal);
        // After a term, too: who gave up leading lets the others look first.
        const wait = times.lookMs * (term === undefined ? 1 : 3);
        await pause(wait, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

async function takeLease({ link, kv }: Bucket, candidate: Candidate): Promise<Term | undefined> {
  const { role: key, name } = candidate;
  const holder = await link.whileConnected(() => kv.get(key));
  if (isHeld(holder)) return undefined;
  // A key that was given back has a deletion as its last message.
  const previousSeq = holder?.revision ?? 0;
  const mark = JSON.stringify({ name, term: randomUUID() });
  const renewedAt = performance.now();
  try {
    const revision = await link.whileConnected(() => kv.put(key, mark, { previousSeq }));
    return { key, mark, revision, renewedAt };
  } catch (error) {
    if (isConflict(error)) return undefined;
    // The answer was lost, perhaps not the write: a term that nobody serves expires like any other.
    throw error;
  }
}

async function serve(
  bucket: Bucket,
  term: Term,
  lead: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([outer, over.signal]);
  const renewing = renewUntilLost(bucket, term, over.signal).then((why) => {
    if (!over.signal.aborted) over.abort(new GenwardenError('NotReady', `Leadership is lost: ${why}`));
  });
  try {
    await lead(signal);
  } catch (error) {
    if (!signal.aborted) bucket.link.log.warn({ err: error }, 'The leader stopped leading for an error');
  }
  over.abort(new GenwardenError('NotReady', 'The leader stopped leading.'));
  await renewing;
  await resign(bucket, term);
}

/** Renews until the signal aborts; resolves before that when the lease can no longer be counted on, with the reason. */
async function renewUntilLost(bucket: Bucket, term: Term, signal: AbortSignal): Promise<string> {
  const { renewMs, leaseMs } = bucket.times;
  // Whoever looks for the expired key is as early as the lease itself: the holder must have stopped before.
  const holdFor = leaseMs * 0.9;
  for (let wait = renewMs; !signal.aborted;) {
    const left = term.renewedAt + holdFor - performance.now();
    if (left <= 0) return `no renewal for ${Math.round(holdFor)} ms`;
    await pause(Math.min(wait, left), undefined, { signal }).catch(() => undefined);
    if (signal.aborted || performance.now() >= term.renewedAt + holdFor) continue;
    const outcome = await atMost(term.renewedAt + holdFor - performance.now(), renew(bucket, term), signal);
    if (outcome === 'taken') return 'somebody else leads';
    wait = outcome === 'renewed' ? renewMs : renewMs / 5;
  }
  return 'it was given up';
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
    if (!isConflict(error)) return 'unanswered';
  }
  return stillOurs({ link, kv, times }, term).catch(() => 'unanswered');
}

/** A refused renewal may have been overtaken by an earlier one of ours whose answer was lost. */
async function stillOurs({ link, kv }: Bucket, term: Term): Promise<Renewal> {
  const holder = await link.whileConnected(() => kv.get(term.key));
  if (holder === null || !isHeld(holder) || holder.string() !== term.mark) return 'taken';
  term.revision = holder.revision;
  return 'unanswered';
}

async function atMost(ms: number, work: Promise<Renewal>, signal: AbortSignal): Promise<Renewal> {
  const stop = new AbortController();
  const late = pause(ms, 'unanswered' as const, { signal: AbortSignal.any([signal, stop.signal]) });
  const outcome = await Promise.race([work, late.catch(() => 'unanswered' as const)]);
  stop.abort();
  return outcome;
}

/** Lets a standby take over at once; a lost term is somebody else's by now, which the expected revision respects. */
async function resign({ link, kv }: Bucket, term: Term): Promise<void> {
  await link.whileConnected(() => kv.delete(term.key, { previousSeq: term.revision })).catch(() => undefined);
}

function isHeld(holder: KvEntry | null): boolean {
  return holder !== null && holder.operation === 'PUT';
}
