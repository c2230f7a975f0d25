// Finds out why a write was not answered. After a failed write to its disk, a single nats-server never answers a publish to that
// stream again until it restarts, although it answers everything else (nats-server 2.15).

import { JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { GenwardenError } from '../../../job/errors/index.ts';
import { answerOf, attemptTimeout } from './api.ts';
import { isStorageFull, NoAnswer } from './errors.ts';
import type { RequestLink } from './requests.ts';
import { isArtifacts, storageOf } from './storageHealth.ts';

const patience = 1_000;

interface Strikes {
  /** Checks in a row in which the stream answered reads, without an answered write in between. */
  count: number;
  /** When the last of them was counted, by `performance.now()`. */
  countedAt: number;
  checking: Promise<string | undefined> | undefined;
}

const strikesByLink = new WeakMap<object, Map<string, Strikes>>();

/** A stream that answered reads this often while its writes were not answered stores nothing: one answer may be bad luck. */
const enough = 2;
/** Many writes that a busy server is too slow to answer in time are one sign, not many: each must have had its own wait, ms. */
const apart = 0.9 * attemptTimeout;

/**
 * Returns `StorageFull` if the stream answers reads but stores nothing; undefined if the reason is unknown. Several writes
 * that were not answered share one check.
 */
export async function fullDisk(link: RequestLink, stream: string, error: unknown): Promise<GenwardenError | undefined> {
  if (!(error instanceof NoAnswer) || !error.message.startsWith('timeout') || !link.connected()) return undefined;
  const strikes = strikesOf(link, stream);
  strikes.checking ??= check(link, stream, strikes).finally(() => (strikes.checking = undefined));
  const words = await strikes.checking;
  if (words === undefined) return undefined;
  storageOf(link).refused('disk', isArtifacts(stream) ? 'artifacts' : 'statuses', words);
  return new GenwardenError('StorageFull', `The disk of the NATS server is full: ${words}.`);
}

/** Call it when a write to the stream was answered. */
export function writesAnswered(link: RequestLink, stream: string): void {
  const strikes = strikesByLink.get(link)?.get(stream);
  if (strikes !== undefined) strikes.count = 0;
}

function strikesOf(link: RequestLink, stream: string): Strikes {
  const streams = strikesByLink.get(link) ?? new Map<string, Strikes>();
  strikesByLink.set(link, streams);
  const strikes = streams.get(stream) ?? { count: 0, countedAt: -Infinity, checking: undefined };
  streams.set(stream, strikes);
  return strikes;
}

/** The server's words, or what was observed. */
async function check(link: RequestLink, stream: string, strikes: Strikes): Promise<string | undefined> {
  try {
    const info = { subject: `${link.apiPrefix}.STREAM.INFO.${stream}`, payload: '', timeout: patience };
    // With several replicas, a write is also unanswered while too few servers run.
    if ((await answerOf<StreamInfo>(link, info)).config.num_replicas > 1) return undefined;
    const words = await writeError(link, stream);
    if (words === undefined) return observed(stream, strikes);
    strikes.count = 0;
    return words ?? undefined;
  } catch {
    strikes.count = 0;
    return undefined;
  }
}

function observed(stream: string, strikes: Strikes): string | undefined {
  const now = performance.now();
  if (now - strikes.countedAt >= apart) {
    strikes.count += 1;
    strikes.countedAt = now;
  }
  return strikes.count < enough ? undefined : `it answers reads of the stream ${stream}, but no longer writes`;
}

/**
 * The error of the write that failed, if the stream stores nothing since; a purge that matches nothing answers with it. Null: the
 * stream stores what it gets. Undefined: that is not known, as for a user that may not purge.
 */
export async function writeError(link: RequestLink, stream: string): Promise<string | null | undefined> {
  const subject = `${link.apiPrefix}.STREAM.PURGE.${stream}`;
  if (!mayPurge(link, subject)) return undefined;
  try {
    await answerOf(link, { subject, payload: JSON.stringify({ filter: nothing }), timeout: patience });
    return null;
  } catch (error) {
    return error instanceof JetStreamApiError && isStorageFull(error) ? error.message : undefined;
  }
}

/** No stream of Genwarden has this subject. */
const nothing = '$genwarden.nothing';

function mayPurge(link: RequestLink, subject: string): boolean {
  const { permissions } = link as { permissions?: () => { mayPublish(subject: string): boolean } };
  return permissions?.().mayPublish(subject) ?? false;
}
