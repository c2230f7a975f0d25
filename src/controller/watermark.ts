// Computes the watermark, the sequence at which followers may start. From there on, they see the last message of every open
// task, except for a few stragglers that they read one by one. So one old task in review does not slow down every start.

import type { Sequence } from '../job/task.ts';
import type { TaskAddress, Watermark } from '../ports/jobLog.ts';
import type { Follower } from '../readmodel/follower.ts';

/** The maximum number of stragglers in a watermark. */
const maxStragglers = 1_000;
/** The cost of reading one straggler, in messages that a starting follower could replay in the same time. */
const readCost = 100;

/**
 * Returns the sequence with the lowest cost for a starting follower. `open` has the last sequence of every open task; `end` is
 * the sequence after the last message seen. Tasks below the returned sequence are the stragglers.
 */
export function watermarkOf(open: Iterable<Sequence>, end: Sequence): Sequence {
  const sequences = Float64Array.from(open).sort();
  let best = sequences[0] ?? end;
  let saved = best;
  for (let stragglers = 1; stragglers <= Math.min(maxStragglers, sequences.length); stragglers += 1) {
    const mark = sequences[stragglers] ?? end;
    if (mark - readCost * stragglers <= saved) continue;
    best = mark;
    saved = mark - readCost * stragglers;
  }
  return best;
}

/** The watermark of the follower's index; undefined while the index is not current. */
export function watermarkFrom(follower: Follower): Watermark | undefined {
  const { index } = follower;
  const { epoch, sequence: last } = follower.position();
  if (!follower.ready().ready || epoch === '') return undefined;
  const open = index.openTasks().map((task) => task.sequence);
  // A message that this version cannot read may be an open task: a newer process that starts at the watermark must see it.
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
