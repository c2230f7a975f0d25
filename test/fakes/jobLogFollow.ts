// Following the stream in memory: the same events in the same order as on JetStream.

import type { Sequence } from '../../src/job/task.ts';
import type { FollowEvent, FollowFrom, Watermark } from '../../src/ports/jobLog.ts';
import type { StoredMessage, FakeStream } from './stream.ts';

export interface FollowContext {
  readonly stream: FakeStream;
  readonly readMark: () => Watermark | undefined;
  readonly onSkipped: ((why: 'newerSchema') => void) | undefined;
  /** How many messages before the end a start at the watermark shows at least. */
  readonly window: number;
}

export async function* followStream(
  context: FollowContext,
  from: FollowFrom,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  const { stream, readMark, onSkipped, window } = context;
  const { epoch } = stream;
  const resumes = from.from === 'position' && from.position.epoch === epoch;
  if (from.from === 'position' && !resumes) yield { event: 'reset', epoch };
  const mark = readMark();
  let position: Sequence = resumes ? from.position.sequence : startAt(stream, mark, window) - 1;
  if (!resumes) yield* stragglers(stream, mark, position);
  while (!signal.aborted && stream.epoch === epoch) {
    const target = stream.lastSequence;
    for (let next = stream.after(position); next !== undefined; next = stream.after(position)) {
      position = next.sequence;
      if (next.newer) onSkipped?.('newerSchema');
      yield eventOf(next);
      if (signal.aborted) return;
    }
    position = Math.max(position, target);
    yield { event: 'caughtUp', position: { epoch, sequence: position } };
    if (stream.lastSequence <= position && stream.epoch === epoch) await change(stream, signal);
  }
  if (signal.aborted) return;
  yield* followStream(context, { from: 'position', position: { epoch, sequence: position } }, signal);
}

function startAt(stream: FakeStream, mark: Watermark | undefined, window: number): Sequence {
  return mark?.epoch === stream.epoch ? Math.max(1, Math.min(mark.sequence, stream.lastSequence - window)) : 1;
}

function stragglers(stream: FakeStream, mark: Watermark | undefined, position: Sequence): readonly FollowEvent[] {
  if (mark?.epoch !== stream.epoch) return [];
  return mark.stragglers
    .map((address) => stream.last(address))
    .filter((message): message is StoredMessage => message !== undefined && message.sequence <= position)
    .toSorted((one, other) => one.sequence - other.sequence)
    .map(eventOf);
}

function eventOf({ sequence, at, writeId, state, newer }: StoredMessage): FollowEvent {
  return newer ? { event: 'newer', sequence } : { event: 'entry', entry: { sequence, at, writeId, state } };
}

async function change(stream: FakeStream, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = stream.onChange(resolve);
  const abort = (): void => resolve();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) resolve();
  await promise;
  stop();
  signal.removeEventListener('abort', abort);
}
