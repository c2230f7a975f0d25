// The stream's last sequence, age and size, and whether it has room for another job.

import { count } from '../../../job/explain/format.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence } from '../../../job/task.ts';
import type { StreamHealth } from '../../../ports/jobLog.ts';
import { streamInfo } from '../jetstream/api.ts';
import { roomInAccount } from '../jetstream/accountRoom.ts';
import { isRefusal } from '../jetstream/errors.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import { streamName } from '../stream/subjects.ts';
import type { LogContext } from './entries.ts';

export interface StreamState {
  /** Distinguishes streams of the same name: sequences start again in each. */
  readonly epoch: string;
  readonly firstSequence: Sequence;
  readonly lastSequence: Sequence;
  readonly health: StreamHealth;
}

/** Asks the leader. Throws `Unavailable`, also if the stream does not exist. */
export async function streamState({ link }: Pick<LogContext, 'link'>): Promise<StreamState> {
  const name = streamName(link.prefix);
  const info = await streamInfo(link, name).catch((cause: Error) => {
    if (!isRefusal(cause)) throw cause;
    throw new GenwardenError('Unavailable', `NATS has no stream ${name}: ${cause.message}.`, { cause });
  });
  // Short, and safe in addresses and headers.
  const epoch = BigInt(info.created.replaceAll(/\D/g, '')).toString(36);
  const { last_seq: sequence, first_seq: firstSequence, bytes, messages } = info.state;
  const health = { position: { epoch, sequence }, bytes, maxBytes: info.config.max_bytes, messages };
  return { epoch, firstSequence, lastSequence: sequence, health };
}

/** The share of the stream that stored and certain future messages may fill. */
const maxShare = 0.85;
/** What a task with three attempts may still write: three claims, two backoffs with their requeues, and its end. */
const futureMessages = 8;
/** Bytes, for a stream without messages to measure. */
const usualMessage = 2_048;
const reuseFor = 1_000;

/**
 * Whether there is no room for `tasks` more tasks beside what `openTasks` may still write. Without that reserve a backlog
 * would fill the stream, and then none of its tasks could be claimed, finished or failed. A stream without a limit is
 * never full.
 */
export function isFull(health: StreamHealth, openTasks: number, tasks: number): boolean {
  const { bytes, maxBytes } = health;
  return maxBytes > 0 && bytes + futureBytes(health, openTasks, tasks) > maxShare * maxBytes;
}

function futureBytes({ bytes, messages }: StreamHealth, openTasks: number, tasks: number): number {
  // A few large specs or outputs do not mean that every future status is as large.
  const message = messages === 0 ? usualMessage : Math.min(bytes / messages, 2 * usualMessage);
  return message * (tasks + futureMessages * (openTasks + tasks));
}

/** A check before each submit, which throws `StorageFull`. It asks NATS at most once a second. */
export function roomForJobs(context: LogContext, openTasks: () => number): (tasks: number) => Promise<void> {
  const { link } = context;
  const marks = storageOf(link);
  let asked: Promise<StreamState> | undefined;
  let askedAt = -Infinity;
  return async (tasks) => {
    if (asked === undefined || performance.now() - askedAt > reuseFor) {
      askedAt = performance.now();
      asked = streamState(context);
      // A failure is not reused.
      asked.catch(() => (asked = undefined));
    }
    const { health } = await asked;
    await roomInAccount(link, 'submits', futureBytes(health, openTasks(), tasks));
    if (!isFull(health, openTasks(), tasks)) return marks.hasRoom('stream', 'submits');
    const percent = Math.floor((100 * health.bytes) / health.maxBytes);
    const words = `The stream is ${percent} % full (${health.bytes} of ${health.maxBytes} bytes); the rest is reserved for the statuses of ${count(openTasks(), 'open task')}`;
    marks.refused('stream', 'submits', words);
    throw new GenwardenError('StorageFull', `${words}.`);
  };
}
