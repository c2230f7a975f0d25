// Follows the whole stream for ever: entries in order, each once, whatever happens to consumers, servers and connections.
// It trusts no silence: it asks the stream for its last sequence each second, and takes a new consumer if that one hangs.

import { setTimeout as pause } from 'node:timers/promises';
import type { Sequence } from '../../../job/task.ts';
import type { FollowEvent, FollowFrom, Position, Watermark } from '../../../ports/jobLog.ts';
import { decodeState } from '../stream/codec.ts';
import { FollowSession, type Followed, type FollowContext } from './followSession.ts';
import { startingPoint, type StartingPoint } from './followStart.ts';
import { streamState } from './health.ts';
import { isKeySubject } from '../stream/subjects.ts';

export interface FollowOptions {
  readonly readMark: () => Promise<Watermark | undefined>;
  /** Called for each message that is left out. */
  readonly onSkipped: (why: Skipped) => void;
}

export type Skipped = 'newerSchema' | 'garbage';

const askEvery = 1_000;
/** A consumer that has something to deliver and delivers nothing for this long is given up, ms. */
const silence = 1_500;

export async function* followStream(
  context: FollowContext,
  options: FollowOptions,
  from: FollowFrom,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  let next: FollowFrom = from;
  while (!signal.aborted) {
    const start = await tryStart(context, options, next);
    if (typeof start === 'string') {
      yield { event: 'lagging', reason: start };
      await pause(250, undefined, { signal }).catch(() => undefined);
      continue;
    }
    if (start.reset) yield { event: 'reset', epoch: start.epoch };
    yield* start.stragglers;
    const stretch = new Stretch(context, options, start);
    yield* stretch.events(signal);
    next = { from: 'position', position: stretch.position };
    if (stretch.why !== undefined) yield { event: 'lagging', reason: stretch.why };
  }
}

async function tryStart(
  context: FollowContext,
  { readMark }: FollowOptions,
  from: FollowFrom,
): Promise<StartingPoint | string> {
  try {
    return await startingPoint(context, readMark, from);
  } catch (error) {
    return (error as Error).message;
  }
}

/** What one consumer delivers. */
class Stretch {
  position: Position;
  /** Why it ended, unless by the signal. */
  why: string | undefined;
  readonly #context: FollowContext;
  readonly #options: FollowOptions;
  readonly #session: FollowSession;
  /** What the stream said of itself last, until that much was delivered. */
  #target: { readonly sequence: Sequence; readonly at: number } | undefined;

  constructor(context: FollowContext, options: FollowOptions, { epoch, next, last }: StartingPoint) {
    this.#context = context;
    this.#options = options;
    this.position = { epoch, sequence: next - 1 };
    this.#target = { sequence: last, at: performance.now() };
    this.#session = new FollowSession(context);
  }

  async *events(signal: AbortSignal): AsyncGenerator<FollowEvent> {
    const session = this.#session;
    const wake = (): void => session.wake();
    signal.addEventListener('abort', wake, { once: true });
    const asking = setInterval(() => void this.#ask(), askEvery);
    try {
      await session.open(this.position.sequence + 1).catch((error: Error) => (this.why = error.message));
      while (!signal.aborted && this.why === undefined) {
        for (const followed of session.read()) {
          const event = this.#entry(followed);
          if (event !== undefined) yield event;
          if (signal.aborted) return;
        }
        if (this.#reached()) yield { event: 'caughtUp', position: this.position };
        this.why ??= session.broken;
        if (this.why === undefined) await session.something(100);
        await this.#settleSilence();
      }
    } finally {
      clearInterval(asking);
      signal.removeEventListener('abort', wake);
      session.close();
    }
  }

  #entry({ message, facts }: Followed): FollowEvent | undefined {
    const { sequence, at } = facts;
    this.position = { epoch: this.position.epoch, sequence };
    if (isKeySubject(this.#context.prefix, message.subject)) return undefined;
    const decoded = decodeState({ sequence, at, headers: message.headers, data: message.data });
    if (decoded.kind === 'entry') return { event: 'entry', entry: decoded.entry };
    this.#options.onSkipped(decoded.kind === 'newer' ? 'newerSchema' : 'garbage');
    return decoded.kind === 'newer' ? { event: 'newer', sequence } : undefined;
  }

  #reached(): boolean {
    if (this.#target === undefined || this.position.sequence < this.#target.sequence) return false;
    this.#target = undefined;
    return true;
  }

  async #ask(): Promise<void> {
    const { epoch, sequence } = this.position;
    const at = performance.now();
    try {
      const state = await streamState(this.#context);
      if (state.epoch !== epoch) this.why ??= 'the stream was replaced';
      else if (state.lastSequence < sequence) this.why ??= 'the stream lost its end';
      else this.#target ??= { sequence: state.lastSequence, at };
    } catch (error) {
      this.why ??= (error as Error).message;
    }
    this.#session.wake();
  }

  /**
   * The stream has more, but nothing comes. Either the rest was purged, and all is here, or the consumer is dead: the
   * client's own ordered one died without a word in 1 of 6 followers at each kill of a leader.
   */
  async #settleSilence(): Promise<void> {
    const since = Math.max(this.#session.heardEntryAt, this.#target?.at ?? Infinity);
    const silent = performance.now() - since;
    if (this.#target === undefined || silent < 200 || this.position.sequence >= this.#target.sequence) return;
    try {
      if (await this.#session.deliveredAll()) {
        this.position = { ...this.position, sequence: Math.max(this.position.sequence, this.#target.sequence) };
      } else if (silent > silence) {
        this.why ??= 'the consumer fell silent';
      }
    } catch (error) {
      this.why ??= (error as Error).message;
    }
  }
}
