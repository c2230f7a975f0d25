// The job log in memory, with the semantics of the one on JetStream: conditional writes, write ids, lost answers. A test can
// cut it off, answer writes itself, let others write first, and hold back or inject what followers receive.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { Sequence, TaskDetail, TaskState, TaskWrite } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type {
  DetailedEntry,
  FollowEvent,
  JobLog,
  TaskAddress,
  Watermark,
  WriteOutcome,
} from '../../src/ports/jobLog.ts';
import { until } from '../support/until.ts';
import { followStream } from './jobLogFollow.ts';
import {
  judged,
  messagesOf,
  newestRequest,
  newWriteId,
  readHistory,
  readJob,
  StreamWriter,
  type WriteControls,
  type WriteTry,
} from './jobLogWrites.ts';
import { FakeStream } from './stream.ts';
import { aRequest } from './tasks.ts';

export interface FakeJobLog extends JobLog, JobLogControls, JobLogRecord {
  readonly stream: FakeStream;
  /** Stores a message as another process would, on the task's last message. */
  append(state: TaskState, detail?: Partial<TaskDetail>): DetailedEntry;
  /** What the log itself does with a write. */
  store(next: TaskWrite, expected: Sequence): WriteOutcome;
  /** Followers receive this event before anything else. */
  announce(event: FollowEvent): void;
}

/** Set by tests. */
export interface JobLogControls extends WriteControls {
  /** While true every call throws `Unavailable`; followers are not affected. */
  away: boolean;
  /** While true no request of a task is found. */
  losesRequests: boolean;
  /** While true followers receive nothing that is stored from now on. */
  mute: boolean;
  /** What `health` reports in place of the counted bytes. */
  bytes: number | undefined;
}

/** What happened so far, for assertions. */
export interface JobLogRecord {
  /** The name of each call. */
  readonly calls: readonly string[];
  /** Each write that was judged. */
  readonly tries: readonly WriteTry[];
  readonly entries: readonly DetailedEntry[];
  /** The watermark that was kept last. */
  readonly kept: Watermark | undefined;
  /** The states of the tasks with this index, oldest first. */
  statesOf(task?: number): TaskState[];
  lastOf(task?: number): TaskState;
  /** The last message of a task. */
  entryOf(task: TaskState | TaskAddress): DetailedEntry | undefined;
  /** The last message of a task once it is in one of these states. */
  reached(task: TaskState, ...states: TaskState['state'][]): Promise<DetailedEntry>;
}

export interface FakeJobLogOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly onSkipped?: (why: 'newerSchema') => void;
  /** How many messages before the end a follower that starts at the watermark is shown at least; default 100,000. */
  readonly window?: number;
}

export function fakeJobLog({ clock, onSkipped, window = 100_000 }: FakeJobLogOptions): FakeJobLog {
  const stream = new FakeStream();
  const now = (): number => clock.now();
  const followers = new Set<FollowEvent[]>();
  const calls: string[] = [];
  const tries: WriteTry[] = [];
  let kept: Watermark | undefined;
  let lastShown = Infinity;
  /** The same call, noted, and refused while the log is away. */
  const call = <Args extends unknown[], T>(name: string, answer: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => {
      calls.push(name);
      return log.away ? Promise.reject(new GenwardenError('Unavailable', 'NATS did not answer')) : answer(...args);
    };
  };
  const log: FakeJobLog = {
    ...untouched,
    ...inspecting(stream),
    stream,
    calls,
    tries,
    get entries() {
      return stream.messages;
    },
    get mute() {
      return lastShown < Infinity;
    },
    set mute(mute) {
      lastShown = mute ? stream.lastSequence : Infinity;
    },
    get kept() {
      return kept;
    },
    append: (state, detail = {}) => {
      const request = state.state === 'queued' ? { request: aRequest } : {};
      const write = { state, detail: { message: 'as the test says', ...request, ...detail } } as TaskWrite;
      return stream.append(write, newWriteId(), now());
    },
    store: (next, expected) => writer.store(next, expected, newWriteId()),
    announce: (event) => {
      for (const announced of followers) announced.push(event);
      stream.notify();
    },
    submit: call('submit', (specs) => writer.submit(specs)),
    write: call('write', (next, expected) => writer.write(next, expected)),
    last: call('last', async (address) => judged(stream.last(address))),
    request: call('request', async (address) => (log.losesRequests ? undefined : newestRequest(stream, address))),
    read: call('read', async (job, pool) => readJob(stream, job, pool, now())),
    history: call('history', async (job, pool) => readHistory(stream, job, pool, now())),
    follow: (from, signal) => {
      const announced: FollowEvent[] = [];
      followers.add(announced);
      signal.addEventListener('abort', () => followers.delete(announced), { once: true });
      const context = { stream, readMark: () => kept, onSkipped, window, announced, lastShown: () => lastShown };
      return followStream(context, from, signal);
    },
    watermark: call('watermark', async () => kept),
    saveWatermark: call('saveWatermark', async (next) => void (kept = next)),
    health: call('health', async () => {
      const position = { epoch: stream.epoch, sequence: stream.lastSequence };
      const { messages, bytes } = stream.size;
      return { position, maxBytes: stream.maxBytes, messages, bytes: log.bytes ?? bytes };
    }),
    purge: call('purge', async (job, pool) => {
      const tombstones = messagesOf(stream, job, pool).filter(({ state }) => state.state === 'deleted');
      if (tombstones.length > 0) stream.purge(job, tombstones[0]!.sequence);
    }),
  };
  const writer = new StreamWriter({ stream, now, controls: log, tries });
  return log;
}

const untouched: Omit<JobLogControls, 'mute'> = {
  away: false,
  beforeWrite: undefined,
  intercept: undefined,
  answersToLose: 0,
  timesOutOnce: false,
  losesRequests: false,
  bytes: undefined,
};

function inspecting(stream: FakeStream): Pick<JobLogRecord, 'statesOf' | 'lastOf' | 'entryOf' | 'reached'> {
  const statesOf = (task = 0): TaskState[] =>
    stream.messages.filter(({ state }) => state.of.task === task).map(({ state }) => state);
  const entryOf = (task: TaskState | TaskAddress): DetailedEntry | undefined =>
    stream.last('of' in task ? task.of : task);
  return {
    statesOf,
    lastOf: (task) => statesOf(task).at(-1)!,
    entryOf,
    reached: (task, ...states) =>
      until(
        () => {
          const last = entryOf(task);
          return last !== undefined && states.includes(last.state.state) ? last : undefined;
        },
        { what: `the task to be ${states.join(' or ')}`, intervalMs: 2 },
      ),
  };
}
