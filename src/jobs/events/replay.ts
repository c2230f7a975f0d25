// Where an event stream goes on after the last event that its client has, and what it missed meanwhile.

import type { LogEntry, Position } from '../../ports/jobLog.ts';
import type { ApiContext } from '../../api/options.ts';

export type Reach =
  /** All that came since is in this process's memory. */
  | 'recent'
  /** What came since is read from the stream. */
  | 'stream'
  /** The position is of another stream, or so old that a new start is cheaper. */
  | 'reset';

const mostMissed = 100_000;

/** Throws `Unavailable`. */
export async function reachOf(context: ApiContext, { epoch, sequence }: Position): Promise<Reach> {
  const { recent, log, events } = context;
  if (epoch !== recent.epoch) return 'reset';
  if (sequence > recent.last) {
    // Another process heard more than this one has by now; or the stream has lost its end.
    return sequence > (await log.health()).position.sequence ? 'reset' : 'recent';
  }
  if (sequence > recent.since) return 'recent';
  return recent.last - sequence > (events?.mostMissed ?? mostMissed) ? 'reset' : 'stream';
}

/** The messages after the position, up to where the recent ones begin; ends early where the stream is another one. */
export async function* missed(context: ApiContext, after: Position, signal: AbortSignal): AsyncGenerator<LogEntry> {
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  try {
    for await (const event of context.log.follow({ from: 'position', position: after }, ending)) {
      if (event.event === 'reset') return;
      if (event.event === 'caughtUp') return;
      if (event.event !== 'entry') continue;
      yield event.entry;
      if (event.entry.sequence > context.recent.since) return;
    }
  } finally {
    stop.abort();
  }
}
