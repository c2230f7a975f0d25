// Where a follower starts: after a position, or at the watermark, with the tasks that lie before it read one by one.

import type { Sequence } from '../../job/task.ts';
import type { FollowFrom, LogEntry, Position, TaskAddress, Watermark } from '../../ports/jobLog.ts';
import { GenwardenError } from '../../job/errors.ts';
import { streamState, type StreamState } from './jobLogHealth.ts';
import { lastOfTask, type LogContext } from './jobLogWrite.ts';
import { eachAtMost } from './readBounded.ts';

export interface StartingPoint {
  readonly epoch: string;
  /** The first sequence to be delivered. */
  readonly next: Sequence;
  /** The stream’s last sequence when it was asked. */
  readonly last: Sequence;
  /** The last messages of tasks that lie before `next`. */
  readonly stragglers: readonly LogEntry[];
  /** The stream is not the one that the position speaks of. */
  readonly reset: boolean;
}

/** A start at the watermark shows at least this many messages, so that there are finished jobs to be listed. */
const window = 100_000;

/** Throws `Unavailable`. */
export async function startingPoint(
  context: LogContext,
  readMark: () => Promise<Watermark | undefined>,
  from: FollowFrom,
): Promise<StartingPoint> {
  const state = await streamState(context);
  if (from.from === 'position' && fits(from.position, state)) {
    return { ...common(state), next: from.position.sequence + 1, stragglers: [], reset: false };
  }
  const mark = await readMark();
  const next = startAt(mark, state);
  const named = mark?.epoch === state.epoch ? mark.stragglers : [];
  const stragglers = await readStragglers(context, named, next);
  return { ...common(state), next, stragglers, reset: from.from === 'position' };
}

const common = ({ epoch, lastSequence }: StreamState) => ({ epoch, last: lastSequence });

/** A stream that ends before the position has lost its end, and will give the same sequences to other messages. */
const fits = (position: Position, { epoch, lastSequence }: StreamState): boolean =>
  position.epoch === epoch && position.sequence <= lastSequence;

function startAt(mark: Watermark | undefined, { epoch, firstSequence, lastSequence }: StreamState): Sequence {
  if (mark?.epoch !== epoch) return Math.max(1, firstSequence);
  return Math.max(1, firstSequence, Math.min(mark.sequence, lastSequence - window));
}

async function readStragglers(
  context: LogContext,
  addresses: readonly TaskAddress[],
  next: Sequence,
): Promise<readonly LogEntry[]> {
  const found = await eachAtMost(16, addresses, (address) => lastIfReadable(context, address));
  return found
    .filter((entry) => entry !== undefined && entry.sequence < next)
    .toSorted((one, other) => one!.sequence - other!.sequence) as LogEntry[];
}

async function lastIfReadable(context: LogContext, address: TaskAddress): Promise<LogEntry | undefined> {
  try {
    return await lastOfTask(context, address);
  } catch (error) {
    if (error instanceof GenwardenError && error.code === 'InternalError') return undefined;
    throw error;
  }
}
