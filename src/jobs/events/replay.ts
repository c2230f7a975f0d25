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

/** The messages after the position, up to where the recent ones begin; ends early if the stream was replaced. */
export async function* missedEntries(
  { recent, log }: ReplayContext,
  after: Position,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  try {
    for await (const event of log.follow({ from: 'position', position: after }, ending)) {
      if (event.event === 'reset') return;
      if (event.event === 'caughtUp') return;
      if (event.event !== 'entry') continue;
      yield event.entry;
      if (event.entry.sequence > recent.since) return;
    }
  } finally {
    stop.abort();
  }
}
