// What the job log in memory writes to its stream and reads from it.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { JobId } from '../../src/job/ids.ts';
import { isOpen, type Sequence, type SpecWrite, type TaskRequest, type TaskWrite } from '../../src/job/task.ts';
import type { JobRecord, LogEntry, SubmitOutcome, TaskAddress, WriteOutcome } from '../../src/ports/jobLog.ts';
import type { FakeStream, StoredMessage } from './stream.ts';

/** Set by tests. */
export interface WriteControls {
  /** Called before each write is judged: another process may write first. */
  beforeWrite: ((next: TaskWrite) => Promise<void> | void) | undefined;
  /** Answers writes in place of the log; `store` does what the log would. */
  intercept: ((next: TaskWrite, store: () => WriteOutcome) => Promise<WriteOutcome>) | undefined;
  /** So many answers to stored messages get lost; the log finds its own message and answers all the same. */
  answersToLose: number;
  /** The next write is stored, but its caller gets `Unavailable`. */
  timesOutOnce: boolean;
}

export interface WriteTry {
  readonly write: TaskWrite;
  readonly expected: Sequence;
  readonly outcome: WriteOutcome['outcome'];
}

export interface StreamWriterOptions {
  readonly stream: FakeStream;
  readonly now: () => number;
  readonly controls: WriteControls;
  /** Filled with each write that is judged. */
  readonly tries: WriteTry[];
}

export class StreamWriter {
  readonly #stream: FakeStream;
  readonly #now: () => number;
  readonly #controls: WriteControls;
  readonly #tries: WriteTry[];
  readonly #holders = new Map<string, { job: JobId; pool: string }>();

  constructor({ stream, now, controls, tries }: StreamWriterOptions) {
    this.#stream = stream;
    this.#now = now;
    this.#controls = controls;
    this.#tries = tries;
  }

  async write(next: TaskWrite, expected: Sequence): Promise<WriteOutcome> {
    const writeId = newWriteId();
    const { intercept } = this.#controls;
    if (intercept !== undefined) return intercept(next, () => this.store(next, expected, writeId));
    let own: LogEntry | undefined;
    for (;;) {
      await this.#controls.beforeWrite?.(next);
      const outcome = this.store(next, expected, writeId);
      if (outcome.outcome === 'refused') return { ...outcome, ...(own && { overtaken: own }) };
      const isRepeated = own !== undefined;
      own = outcome.entry;
      if (isRepeated || !this.#losesAnswer()) return this.#answer(outcome);
    }
  }

  /** Judges and stores a write at once. Finds its own message where an earlier answer to it was lost. */
  store(next: TaskWrite, expected: Sequence, writeId: string): WriteOutcome {
    const last = this.#stream.last(next.state.of);
    if (last?.writeId === writeId) return { outcome: 'written', entry: entryOf(last) };
    const outcome = (last?.sequence ?? 0) === expected ? 'written' : 'refused';
    this.#tries.push({ write: next, expected, outcome });
    if (outcome === 'refused') return { outcome, last: judged(last) };
    if (startsNewRun(next)) this.#takeKeyAgain(next);
    return { outcome, entry: entryOf(this.#stream.append(next, writeId, this.#now())) };
  }

  #losesAnswer(): boolean {
    if (this.#controls.answersToLose === 0) return false;
    this.#controls.answersToLose -= 1;
    return true;
  }

  #answer(outcome: WriteOutcome): WriteOutcome {
    if (!this.#controls.timesOutOnce) return outcome;
    this.#controls.timesOutOnce = false;
    throw new GenwardenError('Unavailable', 'The answer was lost');
  }

  async submit(specs: readonly SpecWrite[]): Promise<SubmitOutcome> {
    if (specs.length < 1 || specs.length > 500) throw new RangeError('a job has 1 to 500 tasks');
    this.#refuseWhenFull();
    const writeId = newWriteId();
    for (;;) {
      await Promise.resolve();
      const outcome = this.#earlier(specs, writeId) ?? this.#heldBy(specs[0]!) ?? this.#store(specs, writeId);
      if (outcome !== 'lost') return outcome;
    }
  }

  #takeKeyAgain(next: SpecWrite): void {
    const key = holderKey(next);
    if (key === undefined) return;
    const held = this.#heldBy(next);
    if (held?.outcome === 'conflict') {
      const message = `Job ${held.holder} is open and holds the concurrency key ${next.detail.request.concurrencyKey}`;
      throw new GenwardenError('ConcurrencyConflict', message, { details: { holder: held.holder } });
    }
    const { job, pool } = next.state.of;
    this.#holders.set(key, { job, pool });
  }

  #refuseWhenFull(): void {
    const { maxBytes, size } = this.#stream;
    if (maxBytes <= 0 || size.bytes < 0.85 * maxBytes) return;
    throw new GenwardenError('StorageFull', `The stream has ${size.bytes} of ${maxBytes} bytes.`);
  }

  #earlier(specs: readonly SpecWrite[], writeId: string): SubmitOutcome | undefined {
    const { job } = specs[0]!.state.of;
    const messages = this.#stream.ofJob(job);
    const first = messages.find(({ detail }) => detail.request !== undefined);
    if (first?.writeId === writeId) {
      return { outcome: 'stored', entries: messages.filter((message) => message.writeId === writeId).map(entryOf) };
    }
    if (first !== undefined && first.state.of.expiresAt > this.#now()) {
      return { outcome: 'exists', digest: first.detail.request!.digest };
    }
    // A job past its retention, or tombstones: the id may be used again.
    if (messages.length > 0) this.#stream.purge(job, Infinity);
    return undefined;
  }

  #heldBy(spec: SpecWrite): SubmitOutcome | undefined {
    const key = holderKey(spec);
    const holder = key === undefined ? undefined : this.#holders.get(key);
    if (holder === undefined || holder.job === spec.state.of.job) return undefined;
    const record = readJob(this.#stream, holder.job, holder.pool, this.#now());
    const open = record?.tasks.some(({ last }) => isOpen(last.state)) === true;
    return open ? { outcome: 'conflict', holder: holder.job } : undefined;
  }

  #store(specs: readonly SpecWrite[], writeId: string): SubmitOutcome | 'lost' {
    const { job, pool } = specs[0]!.state.of;
    const key = holderKey(specs[0]!);
    if (key !== undefined) this.#holders.set(key, { job, pool });
    const entries = specs.map((spec) => entryOf(this.#stream.append(spec, writeId, this.#now())));
    return this.#losesAnswer() ? 'lost' : { outcome: 'stored', entries };
  }
}

let writes = 0;

export function newWriteId(): string {
  writes += 1;
  return `write${writes}`;
}

const startsNewRun = (next: TaskWrite): next is SpecWrite =>
  next.state.state === 'queued' && (next.state.reason === 'Retried' || next.state.reason === 'Tweaked');

function holderKey({ state, detail }: SpecWrite): string | undefined {
  const { concurrencyKey } = detail.request;
  return concurrencyKey === null ? undefined : `${state.of.tenant}\0${concurrencyKey}`;
}

const entryOf = ({ sequence, at, writeId, state }: StoredMessage): LogEntry => ({ sequence, at, writeId, state });

/** As every reader must: a message of a newer schema is not judged. */
export function judged(message: StoredMessage | undefined): StoredMessage | undefined {
  if (message?.newer !== true) return message;
  throw new GenwardenError('InternalError', 'The task was last written by a newer version of Genwarden.');
}

export const messagesOf = (stream: FakeStream, job: JobId, pool: string | undefined): StoredMessage[] =>
  stream.ofJob(job).filter(({ state }) => pool === undefined || state.of.pool === pool);

export function readJob(stream: FakeStream, job: JobId, pool: string | undefined, now: number): JobRecord | undefined {
  const messages = messagesOf(stream, job, pool);
  const of = messages[0]?.state.of;
  if (of === undefined || of.expiresAt <= now) return undefined;
  const tasks = Array.from({ length: of.total }, (_, task) => {
    const last = judged(messages.findLast(({ state }) => state.of.task === task));
    const spec = messages.findLast(({ state, detail }) => state.of.task === task && detail.request !== undefined);
    return last && spec && { last, request: spec.detail.request! };
  });
  return tasks.every((task) => task !== undefined) ? { job, tasks } : undefined;
}

/** Oldest first per task. */
export function readHistory(
  stream: FakeStream,
  job: JobId,
  pool: string | undefined,
  now: number,
): readonly StoredMessage[] {
  if (readJob(stream, job, pool, now) === undefined) return [];
  return messagesOf(stream, job, pool)
    .map((message) => judged(message)!)
    .toSorted((one, other) => one.state.of.task - other.state.of.task || one.sequence - other.sequence);
}

export const newestRequest = (stream: FakeStream, { pool, job, task }: TaskAddress): TaskRequest | undefined =>
  messagesOf(stream, job, pool).findLast(({ state, detail }) => state.of.task === task && detail.request !== undefined)
    ?.detail.request;
