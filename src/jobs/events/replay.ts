// Decides how a feed resumes after the last event that its client received, and reads the messages that the client missed.

import type { LogEntry, Position } from '../../ports/jobLog.ts';
import type { JobsContext } from '../context.ts';

export type ReplaySource =
  /** All newer messages are in this process's memory. */
  | 'recent'
  /** The newer messages must be read from the stream. */
  | 'stream'
  /** The position belongs to another stream, or is so old that a new snapshot is cheaper. */
  | 'reset';

type ReplayContext = Pick<JobsContext, 'recent' | 'log'>;

/** `maxMissed` is the number of messages above which a snapshot is cheaper. Throws `Unavailable`. */
export async function replaySource(
  { recent, log }: ReplayContext,
  { epoch, sequence }: Position,
  maxMissed: number,
): Promise<ReplaySource> {
  if (epoch !== recent.epoch) return 'reset';
  if (sequence > recent.last) {
    // Another process is ahead of this one, or the stream has lost its end.
    return sequence > (await log.health()).position.sequence ? 'reset' : 'recent';
  }
  if (sequence > recent.since) return 'recent';
  return recent.last - sequence > maxMissed ? 'reset' : 'stream';
}

/** Messages that are sent together at most. */
const batchSize = 64;

/** The messages after the position, in order, up to where the recent ones begin; ends early if the stream was replaced. */
export async function* missedEntries(
  { recent, log }: ReplayContext,
  after: Position,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  try {
    let batch: LogEntry[] = [];
    for await (const event of log.follow({ from: 'position', position: after }, ending)) {
      if (event.event === 'reset') return;
      if (event.event === 'entry') batch.push(event.entry);
      const isLast = event.event === 'caughtUp' || (batch.at(-1)?.sequence ?? 0) > recent.since;
      if (isLast || batch.length >= batchSize) {
        yield batch;
        batch = [];
      }
      if (isLast) return;
    }
  } finally {
    stop.abort();
  }
}
