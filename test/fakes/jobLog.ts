// The job log in memory, with the semantics of the one on JetStream: conditional writes, write ids, lost answers.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { JobId } from '../../src/job/ids.ts';
import { isOpen, type Sequence, type SpecWrite, type TaskWrite } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { JobLog, JobRecord, LogEntry, SubmitOutcome, Watermark, WriteOutcome } from '../../src/ports/jobLog.ts';
import { followStream } from './jobLogFollow.ts';
import { FakeStream, type StoredMessage } from './stream.ts';

export interface FakeJobLog extends JobLog {
  readonly stream: FakeStream;
}

export interface FakeJobLogOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly stream?: FakeStream;
  readonly onSkipped?: (why: 'newerSchema') => void;
  /** How many messages before the end a follower that starts at the watermark is shown at least; default 100,000. */
  readonly window?: number;
}

export function fakeJobLog({ clock, stream: given, onSkipped, window = 100_000 }: FakeJobLogOptions): FakeJobLog {
  const stream = given ?? new FakeStream();
  const writer = new Writer(stream, () => clock.now());
  let mark: Watermark | undefined;
  return {
    stream,
    submit: (specs) => writer.submit(specs),
    write: (next, expected) => writer.write(next, expected),
    last: async (address) => judged(stream.last(address)),
    request: async ({ pool, job, task }) =>
      ofPool(stream, job, pool)
        .filter(({ state, detail }) => state.of.task === task && detail.request !== undefined)
        .at(-1)?.detail.request,
    read: async (job, pool) => readJob(stream, job, pool, clock.now()),
    history: async (job, pool) =>
      ofPool(stream, job, pool)
        .map((message) => judged(message)!)
        .toSorted((one, other) => one.state.of.task - other.state.of.task || one.sequence - other.sequence),
    follow: (from, signal) => followStream({ stream, readMark: () => mark, onSkipped, window }, from, signal),
    watermark: async () => mark,
    keepWatermark: async (next) => void (mark = next),
    health: async () => {
      const position = { epoch: stream.epoch, sequence: stream.lastSequence };
      return { position, maxBytes: stream.maxBytes, ...stream.size };
    },
    purge: async (job, pool) => {
      const tombstones = ofPool(stream, job, pool).filter(({ state }) => state.state === 'deleted');
      if (tombstones.length > 0) stream.purge(job, tombstones[0]!.sequence);
    },
  };
}

let writes = 0;

class Writer {
  readonly #stream: FakeStream;
  readonly #now: () => number;
  readonly #holders = new Map<string, { job: JobId; pool: string }>();

  constructor(stream: FakeStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  async write(next: TaskWrite, expected: Sequence): Promise<WriteOutcome> {
    const writeId = newWriteId();
    const { state } = next;
    let own: LogEntry | undefined;
    for (;;) {
      await this.#stream.faults.beforeWrite();
      const last = this.#stream.last(state.of);
      // The answer to an earlier try was lost, and this is our own message.
      if (last?.writeId === writeId) return { outcome: 'written', entry: entryOf(last) };
      if ((last?.sequence ?? 0) !== expected) {
        return { outcome: 'refused', last: judged(last), ...(own && { overtaken: own }) };
      }
      if (startsNewRun(next)) this.#takeKeyAgain(next);
      const message = this.#stream.append(next, writeId, this.#now());
      own = entryOf(message);
      if (!this.#stream.faults.losesAnswer()) return { outcome: 'written', entry: own };
    }
  }

  async submit(specs: readonly SpecWrite[]): Promise<SubmitOutcome> {
    if (specs.length < 1 || specs.length > 500) throw new RangeError('a job has 1 to 500 tasks');
    this.#refuseWhenFull();
    const writeId = newWriteId();
    for (;;) {
      await this.#stream.faults.beforeWrite();
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
    return this.#stream.faults.losesAnswer() ? 'lost' : { outcome: 'stored', entries };
  }
}

function newWriteId(): string {
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
function judged(message: StoredMessage | undefined): StoredMessage | undefined {
  if (message?.newer !== true) return message;
  throw new GenwardenError('InternalError', 'The task was last written by a newer version of Genwarden.');
}

const ofPool = (stream: FakeStream, job: JobId, pool: string | undefined): StoredMessage[] =>
  stream.ofJob(job).filter(({ state }) => pool === undefined || state.of.pool === pool);

function readJob(stream: FakeStream, job: JobId, pool: string | undefined, now: number): JobRecord | undefined {
  const messages = ofPool(stream, job, pool);
  const of = messages[0]?.state.of;
  if (of === undefined || of.expiresAt <= now) return undefined;
  const tasks = Array.from({ length: of.total }, (_, task) => {
    const last = judged(messages.findLast(({ state }) => state.of.task === task));
    const spec = messages.findLast(({ state, detail }) => state.of.task === task && detail.request !== undefined);
    return last && spec && { last, request: spec.detail.request! };
  });
  return tasks.every((task) => task !== undefined) ? { job, tasks } : undefined;
}
