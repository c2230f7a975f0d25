// A job log in memory for tests of those who use one: conditional writes, follow, and faults on request.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { Sequence, TaskRequest, TaskState, TaskWrite } from '../../src/job/task.ts';
import type {
  DetailedEntry,
  FollowEvent,
  JobLog,
  StreamHealth,
  TaskAddress,
  Watermark,
  WriteOutcome,
} from '../../src/ports/jobLog.ts';
import type { VirtualClock } from './clock.ts';

export const request: TaskRequest = {
  input: { prompt: 'a front yard' },
  metadata: null,
  jobMetadata: null,
  digest: `sha256:${'0'.repeat(64)}`,
  concurrencyKey: null,
};

interface Listener {
  readonly events: FollowEvent[];
  wake: () => void;
}

export class FakeLog implements JobLog {
  readonly entries: DetailedEntry[] = [];
  /** Every attempt to write, with what it expected, refused or not. */
  readonly tries: { readonly write: TaskWrite; readonly expected: Sequence; readonly outcome: string }[] = [];
  kept: Watermark | undefined;
  /** While true nothing is answered. */
  away = false;
  /** Called before each write is judged: the moment for others to be faster. */
  beforeWrite: (() => void) | undefined;
  /** The next write is stored, but its answer is lost. */
  loseAnswer = false;
  /** While true followers hear of nothing. */
  mute = false;
  /** What a read of a request answers. */
  stored: TaskRequest | undefined = request;
  readonly #last = new Map<string, DetailedEntry>();
  readonly #listeners = new Set<Listener>();
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Appends whatever the test wants to have happened. */
  append(state: TaskState, detail: Partial<DetailedEntry['detail']> = {}): DetailedEntry {
    const sequence = this.entries.length + 1;
    const full = { message: 'as the test says', ...(state.state === 'queued' && { request }), ...detail };
    const entry = { sequence, at: this.#clock.now(), writeId: `w${sequence}`, state, detail: full };
    this.entries.push(entry);
    this.#last.set(keyOf(state), entry);
    if (!this.mute) this.announce({ event: 'entry', entry });
    return entry;
  }

  announce(event: FollowEvent): void {
    for (const listener of this.#listeners) {
      listener.events.push(event);
      listener.wake();
    }
  }

  /** The states of a task, oldest first. */
  statesOf(task = 0): TaskState[] {
    return this.entries.filter(({ state }) => state.of.task === task).map(({ state }) => state);
  }

  lastOf(task = 0): TaskState {
    return this.statesOf(task).at(-1)!;
  }

  async write(write: TaskWrite, expected: Sequence): Promise<WriteOutcome> {
    this.#answer();
    this.beforeWrite?.();
    const last = this.#last.get(keyOf(write.state));
    const outcome = (last?.sequence ?? 0) === expected ? 'written' : 'refused';
    this.tries.push({ write, expected, outcome });
    if (outcome === 'refused') return { outcome, last };
    const entry = this.append(write.state, write.detail);
    if (!this.loseAnswer) return { outcome, entry };
    this.loseAnswer = false;
    throw new GenwardenError('Unavailable', 'The answer was lost');
  }

  async last({ job, task }: TaskAddress): Promise<DetailedEntry | undefined> {
    this.#answer();
    return this.#last.get(`${job}/${task}`);
  }

  async request(): Promise<TaskRequest | undefined> {
    this.#answer();
    return this.stored;
  }

  async *follow(_from: unknown, signal: AbortSignal): AsyncGenerator<FollowEvent> {
    const listener: Listener = { events: [], wake: () => undefined };
    signal.addEventListener('abort', () => listener.wake());
    listener.events.push({ event: 'reset', epoch: 'epoch' });
    for (const entry of this.entries) listener.events.push({ event: 'entry', entry });
    listener.events.push({ event: 'caughtUp', position: { epoch: 'epoch', sequence: this.entries.length } });
    this.#listeners.add(listener);
    while (!signal.aborted) {
      yield* listener.events.splice(0);
      if (listener.events.length === 0 && !signal.aborted)
        await new Promise<void>((resolve) => (listener.wake = resolve));
    }
    this.#listeners.delete(listener);
  }

  async watermark(): Promise<Watermark | undefined> {
    return this.kept;
  }

  async keepWatermark(mark: Watermark): Promise<void> {
    this.#answer();
    this.kept = mark;
  }

  async health(): Promise<StreamHealth> {
    this.#answer();
    const sequence = this.entries.length;
    return { position: { epoch: 'epoch', sequence }, bytes: 4_096, maxBytes: -1, messages: sequence };
  }

  submit(): never {
    throw new Error('not part of this fake');
  }
  read(): never {
    throw new Error('not part of this fake');
  }
  history(): never {
    throw new Error('not part of this fake');
  }
  purge(): never {
    throw new Error('not part of this fake');
  }

  #answer(): void {
    if (this.away) throw new GenwardenError('Unavailable', 'NATS did not answer');
  }
}

const keyOf = ({ of }: TaskState): string => `${of.job}/${of.task}`;
