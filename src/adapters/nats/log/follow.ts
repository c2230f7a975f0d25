// Follows the whole stream without end: every entry in order, once, whatever happens to consumers, servers and connections.
// A silent consumer is not trusted: each second the follower compares itself with the stream's last sequence, and replaces a
// consumer that hangs.

import { sleep } from '../../../async/sleep.ts';
import type { Sequence } from '../../../job/task.ts';
import type { FollowEvent, FollowFrom, Position, Watermark } from '../../../ports/jobLog.ts';
import { retryDelay } from '../jetstream/retry.ts';
import { decodeState } from '../stream/codec.ts';
import { isKeySubject } from '../stream/subjects.ts';
import type { LogContext } from './entries.ts';
import { startingPoint, type StartingPoint } from './followStart.ts';
import { OrderedConsumer, type Delivered } from './orderedConsumer.ts';
import { streamState } from './streamState.ts';

export interface FollowOptions {
  readonly readMark: () => Promise<Watermark | undefined>;
  /** Called for each message that is left out. */
  readonly onSkipped: (why: Skipped) => void;
}

export type Skipped = 'newerSchema' | 'garbage';

const checkEvery = 1_000;
/** A consumer that has messages to deliver but delivers nothing for this long is replaced, ms. */
const maxSilence = 1_500;

export async function* followStream(
  context: LogContext,
  options: FollowOptions,
  from: FollowFrom,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  let next: FollowFrom = from;
  let failures = 0;
  while (!signal.aborted) {
    const start = await tryStart(context, options, next);
    if (typeof start === 'string') {
      yield { event: 'lagging', reason: start };
      await sleep(retryDelay((failures += 1)), signal);
      continue;
    }
    failures = 0;
    if (start.reset) yield { event: 'reset', epoch: start.epoch };
    yield* start.stragglers;
    const session = new FollowSession(context, options, start);
    yield* session.events(signal);
    next = { from: 'position', position: session.position };
    if (session.endReason !== undefined) yield { event: 'lagging', reason: session.endReason };
  }
}

/** The starting point, or the reason why it is not known yet. */
async function tryStart(
  context: LogContext,
  { readMark }: FollowOptions,
  from: FollowFrom,
): Promise<StartingPoint | string> {
  try {
    return await startingPoint(context, readMark, from);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Follows the stream with one consumer, for as long as that consumer can be used. */
class FollowSession {
  position: Position;
  /** Why the session ended; undefined if the signal ended it. */
  endReason: string | undefined;
  readonly #context: LogContext;
  readonly #options: FollowOptions;
  readonly #consumer: OrderedConsumer;
  /** The stream's last known sequence and when it was requested, until the follower has reached it. */
  #target: { readonly sequence: Sequence; readonly at: number } | undefined;

  constructor(context: LogContext, options: FollowOptions, { epoch, next, last }: StartingPoint) {
    this.#context = context;
    this.#options = options;
    this.position = { epoch, sequence: next - 1 };
    this.#target = { sequence: last, at: performance.now() };
    this.#consumer = new OrderedConsumer(context.link);
  }

  async *events(signal: AbortSignal): AsyncGenerator<FollowEvent> {
    const consumer = this.#consumer;
    const wake = (): void => consumer.wake();
    signal.addEventListener('abort', wake, { once: true });
    const checking = setInterval(() => void this.#checkStream(), checkEvery);
    try {
      await consumer.open(this.position.sequence + 1).catch((error: Error) => (this.endReason = error.message));
      while (!signal.aborted && this.endReason === undefined) {
        for (const delivered of consumer.read()) {
          const event = this.#eventOf(delivered);
          if (event !== undefined) yield event;
          if (signal.aborted) return;
        }
        consumer.handled();
        if (this.#reachedTarget()) yield { event: 'caughtUp', position: this.position };
        this.endReason ??= consumer.broken;
        if (this.endReason === undefined) await consumer.waitForActivity(100);
        await this.#checkSilence();
      }
    } finally {
      clearInterval(checking);
      signal.removeEventListener('abort', wake);
      consumer.close();
    }
  }

  #eventOf({ message, info }: Delivered): FollowEvent | undefined {
    const { sequence, at } = info;
    this.position = { epoch: this.position.epoch, sequence };
    if (isKeySubject(this.#context.link.prefix, message.subject)) return undefined;
    const decoded = decodeState({ sequence, at, headers: message.headers, data: message.data });
    if (decoded.kind === 'entry') return { event: 'entry', entry: decoded.entry };
    this.#options.onSkipped(decoded.kind === 'newer' ? 'newerSchema' : 'garbage');
    return decoded.kind === 'newer' ? { event: 'newer', sequence } : undefined;
  }

  #reachedTarget(): boolean {
    if (this.#target === undefined || this.position.sequence < this.#target.sequence) return false;
    this.#target = undefined;
    return true;
  }

  async #checkStream(): Promise<void> {
    const { epoch, sequence } = this.position;
    const at = performance.now();
    try {
      const state = await streamState(this.#context);
      if (state.epoch !== epoch) this.endReason ??= 'the stream was replaced';
      else if (state.lastSequence < sequence) this.endReason ??= 'the stream lost its last messages';
      else this.#target ??= { sequence: state.lastSequence, at };
    } catch (error) {
      this.endReason ??= (error as Error).message;
    }
    this.#consumer.wake();
  }

  /**
   * The stream has more messages, but none arrive. Either the rest was purged and everything is here, or the consumer is
   * dead: the client's own ordered consumer died without an error in 1 of 6 followers each time a leader was killed.
   */
  async #checkSilence(): Promise<void> {
    const since = Math.max(this.#consumer.lastEntryAt, this.#target?.at ?? Infinity);
    const silentFor = performance.now() - since;
    if (this.#target === undefined || silentFor < 200 || this.position.sequence >= this.#target.sequence) return;
    try {
      if (await this.#consumer.deliveredAll()) {
        this.position = { ...this.position, sequence: Math.max(this.position.sequence, this.#target.sequence) };
      } else if (silentFor > maxSilence) {
        this.endReason ??= 'the consumer fell silent';
      }
    } catch (error) {
      this.endReason ??= (error as Error).message;
    }
  }
}
