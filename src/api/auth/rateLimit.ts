// A token bucket per principal, so that one client cannot overload the API. The API processes tell each other what they have
// accepted, so the limit holds for all of them together, and no request waits for another process.

import { createHash } from 'node:crypto';
import { elapsed, longAgo, type Monotonic } from '../../job/time.ts';
import { maxCounts, type RequestCount, type RequestReport } from '../../ports/requestCounts.ts';

/** Requests per second of a principal for which no other limit is set. */
export const defaultPerSecond = 200;

/** Who sends a request, and how many per second are allowed. */
export interface Limited {
  readonly id: string;
  /** Default 200. In a burst, twice as many are accepted at once. */
  readonly requestsPerSecond?: number | undefined;
}

export interface RateLimit {
  /** Counts one request; returns the seconds to wait if the limit is reached. */
  take(principal: Limited, now: Monotonic): number | undefined;
  /**
   * What this process has accepted since the last report; undefined if there is nothing to tell. Call it every
   * `reportEvery`: each call starts a new round of shares.
   */
  report(now: Monotonic): RequestReport | undefined;
  /** Takes in the report of any process, this one included. */
  hear(report: RequestReport, now: Monotonic): void;
}

/** ms. */
export const reportEvery = 250;
/** ms. A process without requests reports this often, so that the others know how many share a limit. */
const presenceEvery = 1_000;
/** ms. A process that is silent for longer is gone; if even this process's own reports do not arrive, NATS is. */
const presentFor = 3_000;
/** Principals are unlimited in number: beyond this many, the one that was idle for longest is dropped. */
const maxBuckets = 10_000;

interface Bucket {
  /** Requests that all processes accepted and that have not yet been refilled. May exceed the burst. */
  spent: number;
  at: Monotonic;
  /** How many more this process may accept before its next report. */
  share: number;
  /** The round for which `share` is. */
  round: number;
}

/**
 * In each round, a process accepts at most its equal share of what is left as far as it knows. Processes that have not heard of
 * each other's latest round accept up to one more burst together, which they make up for afterwards. `process`: a
 * random name.
 */
export function rateLimit(process: string): RateLimit {
  const buckets = new Map<string, Bucket>();
  const unreported = new Map<string, { requests: number; perSecond: number }>();
  const heardAt = new Map<string, Monotonic>();
  let processes = 1;
  let round = 0;
  let reportedAt = longAgo;

  /** Whether reports arrive. Also counts the processes; their number stays as it was last known while NATS is away. */
  const isConnected = (now: Monotonic): boolean => {
    if (elapsed(heardAt.get(process) ?? longAgo, now) > presentFor) return false;
    for (const [name, at] of heardAt) if (elapsed(at, now) > presentFor) heardAt.delete(name);
    processes = heardAt.size;
    return true;
  };
  const bucketOf = (principal: string, perSecond: number, now: Monotonic): Bucket => {
    const known = buckets.get(principal) ?? { spent: 0, at: now, share: 0, round: -1 };
    const spent = Math.max(0, known.spent - (elapsed(known.at, now) / 1_000) * perSecond);
    const bucket = { ...known, spent, at: now };
    // Reinserted at the end, so that the first bucket is the one that was idle for longest.
    buckets.delete(principal);
    buckets.set(principal, bucket);
    const [idlest] = buckets;
    if (buckets.size > maxBuckets && idlest !== undefined) buckets.delete(idlest[0]);
    return bucket;
  };
  const count = (principal: string, perSecond: number): void => {
    const requests = unreported.get(principal)?.requests ?? 0;
    if (requests > 0 || unreported.size < maxBuckets) unreported.set(principal, { requests: requests + 1, perSecond });
  };

  return {
    take({ id, requestsPerSecond = defaultPerSecond }, now) {
      const connected = isConnected(now);
      // Without NATS, each process refills its own equal part.
      const perSecond = connected ? requestsPerSecond : requestsPerSecond / processes;
      const principal = hashOf(id);
      const bucket = bucketOf(principal, perSecond, now);
      const left = Math.max(1, 2 * perSecond) - bucket.spent;
      if (left < 1) return (1 - left) / perSecond;
      if (bucket.round !== round) Object.assign(bucket, { round, share: Math.max(1, left / processes) });
      if (connected && processes > 1 && bucket.share < 1) return reportEvery / 1_000;
      bucket.share -= 1;
      bucket.spent += 1;
      count(principal, requestsPerSecond);
      return undefined;
    },
    report(now) {
      round += 1;
      if (unreported.size === 0 && elapsed(reportedAt, now) < presenceEvery) return undefined;
      reportedAt = now;
      const counts = [...unreported].slice(0, maxCounts).map(([principal, { requests, perSecond }]): RequestCount => {
        unreported.delete(principal);
        return { principal, requests, perSecond };
      });
      return { process, counts };
    },
    hear({ process: sender, counts }, now) {
      heardAt.set(sender, now);
      isConnected(now);
      if (sender === process) return;
      for (const { principal, requests, perSecond } of counts) bucketOf(principal, perSecond, now).spent += requests;
    },
  };
}

/** 96 bits: short in a message, and no collision among millions. */
const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url').slice(0, 16);
