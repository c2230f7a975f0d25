// Where followers may start: from this sequence on they see the last message of every open task, except for a few stragglers
// that they read one by one. So one old task in review does not make every start slow.

import type { Sequence } from '../job/task.ts';
import type { TaskAddress, Watermark } from '../ports/jobLog.ts';
import type { Follower } from '../readmodel/follower.ts';

/** The most stragglers that a watermark may name. */
const most = 1_000;
/** What reading one task costs a starting follower, in messages that it could have replayed instead. */
const price = 100;

/**
 * The sequence that costs a follower least, where `open` holds the last sequence of every open task and `end` is the
 * sequence after the last message that was seen; the tasks below it are the stragglers.
 */
export function watermarkOf(open: Iterable<Sequence>, end: Sequence): Sequence {
  const sequences = Float64Array.from(open).sort();
  let best = sequences[0] ?? end;
  let saved = best;
  for (let stragglers = 1; stragglers <= Math.min(most, sequences.length); stragglers += 1) {
    const mark = sequences[stragglers] ?? end;
    if (mark - price * stragglers <= saved) continue;
    best = mark;
    saved = mark - price * stragglers;
  }
  return best;
}

/** The watermark of what the follower has; undefined while it does not have everything. */
export function watermarkFrom(follower: Follower): Watermark | undefined {
  const { index } = follower;
  const { epoch, sequence: last } = follower.position();
  if (!follower.ready().ready || epoch === '') return undefined;
  const open = index.openTasks().map((task) => task.sequence);
  // What this version cannot read may be an open task: a newer process that starts at the mark must see it.
  const sequence = Math.min(watermarkOf(open, last + 1), follower.firstNewer() ?? Infinity);
  return { epoch, sequence, stragglers: [...below(sequence, follower)] };
}

export function sameWatermark(one: Watermark | undefined, other: Watermark | undefined): boolean {
  return (
    one?.epoch === other?.epoch &&
    one?.sequence === other?.sequence &&
    one?.stragglers.length === other?.stragglers.length
  );
}

function* below(sequence: Sequence, { index }: Follower): Generator<TaskAddress> {
  for (const { sequence: last, state } of index.openTasks()) {
    const { pool, job, task } = state.of;
    if (last < sequence) yield { pool, job, task };
  }
}
