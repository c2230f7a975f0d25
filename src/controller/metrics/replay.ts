// Reads a part of the stream again, to count what a previous leader did not show to Prometheus.

import { isOpen, type Sequence, type TaskState } from '../../job/task.ts';
import type { JobLog, Position } from '../../ports/jobLog.ts';
import { taskKey, type TaskKey } from '../../readmodel/taskKey.ts';
import { countsOf, noteOf, type Note } from './counts.ts';
import type { Entry } from './ledger.ts';
import type { Notes } from './notes.ts';

export interface Replay {
  readonly log: Pick<JobLog, 'follow'>;
  readonly notes: Notes;
  readonly after: Position;
  readonly upTo: Sequence;
  readonly signal: AbortSignal;
}

/** The counts of the messages after `after`, up to `upTo`. Undefined if the stream was replaced, or the signal aborted. */
export async function replay({ log, notes, after, upTo, signal }: Replay): Promise<Entry[] | undefined> {
  const entries: Entry[] = [];
  if (after.sequence >= upTo) return entries;
  const before = new Map<TaskKey, TaskState>();
  for await (const event of log.follow({ from: 'position', position: after }, signal)) {
    if (event.event === 'reset') return undefined;
    if (event.event === 'caughtUp' && event.position.sequence >= upTo) return entries;
    if (event.event !== 'entry') continue;
    const { sequence, state } = event.entry;
    if (sequence > upTo) return entries;
    const key = taskKey(state.of.job, state.of.task);
    entries.push({ sequence, counts: countsOf(state, notes.get(sequence) ?? noteFrom(before.get(key), state)) });
    if (isOpen(state)) before.set(key, state);
    else before.delete(key);
    if (sequence === upTo) return entries;
  }
  return undefined;
}

/** For a message that this process saw only now. Without the previous message, only a first claim tells how long it was queued. */
function noteFrom(before: TaskState | undefined, state: TaskState): Note {
  const note = noteOf(before, state, undefined) ?? { violated: [] };
  const isFirstClaim = state.state === 'running' && state.attempt === 1 && state.attemptsLost === 0;
  return before === undefined && isFirstClaim ? { ...note, queuedFor: state.since - state.queuedAt } : note;
}
