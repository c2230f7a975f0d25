// Where a follower starts: after a position, or at the watermark, with the tasks that lie before it read one by one.

import type { Sequence } from '../../../job/task.ts';
import type { FollowEvent, FollowFrom, Position, TaskAddress, Watermark } from '../../../ports/jobLog.ts';
import { decodeState } from '../stream/codec.ts';
import { streamState, type StreamState } from './health.ts';
import type { LogContext } from './write.ts';
import { mapLimit } from '../../../async/mapLimit.ts';
import { fromLeader } from '../jetstream/leaderReads.ts';
import { taskFilter } from '../stream/subjects.ts';

type Straggler = FollowEvent & { readonly event: 'entry' | 'newer' };

export interface StartingPoint {
  readonly epoch: string;
  /** The first sequence to be delivered. */
  readonly next: Sequence;
  /** The stream's last sequence when it was asked. */
  readonly last: Sequence;
  /** The last messages of tasks that lie before `next`. */
  readonly stragglers: readonly Straggler[];
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
): Promise<readonly Straggler[]> {
  const found = await mapLimit(16, addresses, (address) => lastMessage(context, address));
  return found
    .filter((one): one is Straggler => one !== undefined && sequenceOf(one) < next)
    .toSorted((one, other) => sequenceOf(one) - sequenceOf(other));
}

const sequenceOf = (one: Straggler): Sequence => (one.event === 'entry' ? one.entry.sequence : one.sequence);

async function lastMessage({ requests, prefix }: LogContext, address: TaskAddress): Promise<Straggler | undefined> {
  const message = await fromLeader(requests, prefix, { last_by_subj: taskFilter(prefix, address) });
  if (message === undefined) return undefined;
  const decoded = decodeState(message);
  if (decoded.kind === 'entry') return { event: 'entry', entry: decoded.entry };
  return decoded.kind === 'newer' ? { event: 'newer', sequence: message.sequence } : undefined;
}
