// Decides where a follower starts: after a position, or at the watermark. The open tasks before the watermark (stragglers)
// are read one by one.

import { mapLimit } from '../../../async/mapLimit.ts';
import type { Sequence } from '../../../job/task.ts';
import type { FollowEvent, FollowFrom, Position, TaskAddress, Watermark } from '../../../ports/jobLog.ts';
import { decodeState } from '../stream/codec.ts';
import { taskFilter } from '../stream/subjects.ts';
import { leaderMessage, type LogContext } from './entries.ts';
import { streamState, type StreamState } from './streamState.ts';

type Straggler = FollowEvent & { readonly event: 'entry' | 'newer' };

export interface StartingPoint {
  readonly epoch: string;
  /** The first sequence to be delivered. */
  readonly next: Sequence;
  /** The stream's last sequence at the start. */
  readonly last: Sequence;
  /** The last messages of tasks that lie before `next`. */
  readonly stragglers: readonly Straggler[];
  /** The position belongs to another stream. */
  readonly reset: boolean;
}

/** A start at the watermark delivers at least this many messages by default, so that finished jobs can be listed. */
const window = 100_000;

/** Throws `Unavailable`. */
export async function startingPoint(
  context: LogContext,
  readMark: () => Promise<Watermark | undefined>,
  from: FollowFrom,
): Promise<StartingPoint> {
  const state = await streamState(context);
  if (from.from === 'position' && isValid(from.position, state)) {
    return { ...common(state), next: from.position.sequence + 1, stragglers: [], reset: false };
  }
  const mark = await readMark();
  const next = startAt(mark, state, (from.from === 'watermark' ? from.atLeast : undefined) ?? window);
  const named = mark?.epoch === state.epoch ? mark.stragglers : [];
  const stragglers = await readStragglers(context, named, next);
  return { ...common(state), next, stragglers, reset: from.from === 'position' };
}

const common = ({ epoch, lastSequence }: StreamState) => ({ epoch, last: lastSequence });

/** A stream that ends before the position has lost its last messages, and will give their sequences to other messages. */
const isValid = (position: Position, { epoch, lastSequence }: StreamState): boolean =>
  position.epoch === epoch && position.sequence <= lastSequence;

function startAt(
  mark: Watermark | undefined,
  { epoch, firstSequence, lastSequence }: StreamState,
  atLeast: number,
): Sequence {
  if (mark?.epoch !== epoch) return Math.max(1, firstSequence);
  return Math.max(1, firstSequence, Math.min(mark.sequence, lastSequence - atLeast));
}

async function readStragglers(
  context: LogContext,
  addresses: readonly TaskAddress[],
  next: Sequence,
): Promise<readonly Straggler[]> {
  const found = await mapLimit(16, addresses, (address) => readStraggler(context, address));
  return found
    .filter((one): one is Straggler => one !== undefined && sequenceOf(one) < next)
    .toSorted((one, other) => sequenceOf(one) - sequenceOf(other));
}

const sequenceOf = (one: Straggler): Sequence => (one.event === 'entry' ? one.entry.sequence : one.sequence);

async function readStraggler(context: LogContext, address: TaskAddress): Promise<Straggler | undefined> {
  const message = await leaderMessage(context, { last_by_subj: taskFilter(context.link.prefix, address) });
  if (message === undefined) return undefined;
  const decoded = decodeState(message);
  if (decoded.kind === 'entry') return { event: 'entry', entry: decoded.entry, straggler: true };
  return decoded.kind === 'newer' ? { event: 'newer', sequence: message.sequence } : undefined;
}
