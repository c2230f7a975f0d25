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
  /** Events that a test injects: delivered before anything else. */
  readonly announced: FollowEvent[];
  /** No message after this one is shown. */
  readonly lastShown: () => Sequence;
}

export async function* followStream(
  context: FollowContext,
  from: FollowFrom,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  const { stream, readMark, onSkipped, window, announced } = context;
  const { epoch } = stream;
  const resumes = from.from === 'position' && from.position.epoch === epoch;
  if (from.from === 'position' && !resumes) yield { event: 'reset', epoch };
  const mark = readMark();
  let position: Sequence = resumes ? from.position.sequence : startAt(stream, mark, window) - 1;
  if (!resumes) yield* stragglers(stream, mark, position);
  const end = (): Sequence => Math.min(stream.lastSequence, context.lastShown());
  const nextShown = (): StoredMessage | undefined => {
    const next = stream.after(position);
    return next !== undefined && next.sequence <= context.lastShown() ? next : undefined;
  };
  for (let isStart = true; !signal.aborted && stream.epoch === epoch; isStart = false) {
    while (announced.length > 0) yield announced.shift()!;
    const target = end();
    const isNews = isStart || target > position;
    for (let next = nextShown(); next !== undefined; next = nextShown()) {
      position = next.sequence;
      if (next.newer) onSkipped?.('newerSchema');
      yield eventOf(next);
      if (signal.aborted) return;
    }
    position = Math.max(position, target);
    if (isNews) yield { event: 'caughtUp', position: { epoch, sequence: position } };
    if (end() <= position && announced.length === 0 && stream.epoch === epoch) await change(stream, signal);
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
    .map((message) => ({ ...eventOf(message), straggler: true }) as FollowEvent);
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
