// How the stream stands: its last sequence, its age, its size. And whether there is room for another job.

import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence } from '../../../job/task.ts';
import type { StreamHealth } from '../../../ports/jobLog.ts';
import { askApi } from '../jetstream/api.ts';
import type { LogContext } from './write.ts';
import { streamName } from '../stream/subjects.ts';

export interface StreamState {
  /** Tells one stream from another of the same name: sequences start anew in each. */
  readonly epoch: string;
  readonly firstSequence: Sequence;
  readonly lastSequence: Sequence;
  readonly health: StreamHealth;
}

/** Asks the leader. Throws `Unavailable`, also where there is no stream. */
export async function streamState({ requests, prefix }: Pick<LogContext, 'requests' | 'prefix'>): Promise<StreamState> {
  const { error, ...info } = await askApi<StreamInfo>(requests, `STREAM.INFO.${streamName(prefix)}`, {});
  if (error !== undefined) {
    throw new GenwardenError('Unavailable', `NATS has no stream ${streamName(prefix)}: ${error.description}.`);
  }
  // Short, and of nothing but what may stand in an address or a header.
  const epoch = BigInt(info.created.replaceAll(/\D/g, '')).toString(36);
  const { last_seq: sequence, first_seq: firstSequence, bytes, messages } = info.state;
  const health = { position: { epoch, sequence }, bytes, maxBytes: info.config.max_bytes, messages };
  return { epoch, firstSequence, lastSequence: sequence, health };
}

interface StreamInfo {
  readonly created: string;
  readonly config: { readonly max_bytes: number };
  readonly state: {
    readonly first_seq: Sequence;
    readonly last_seq: Sequence;
    readonly bytes: number;
    readonly messages: number;
  };
}

/** How full the stream may be of what is there and what is sure to come. */
const fullFrom = 0.85;
/** What a task with three attempts may still write: three claims, two backoffs with their requeues, and its end. */
const messagesToCome = 8;
/** Bytes, while the stream has no message to measure. */
const usualMessage = 2_048;
const goodFor = 1_000;

/**
 * Is there no room for `tasks` more, beside what `openTasks` may still write? Without that reserve a backlog fills the
 * stream, and then not one of its tasks can be claimed, finished or failed. Never without a limit.
 */
export function isFull({ bytes, maxBytes, messages }: StreamHealth, openTasks: number, tasks: number): boolean {
  if (maxBytes <= 0) return false;
  // A few large specs or outputs do not make every status to come as large.
  const message = messages === 0 ? usualMessage : Math.min(bytes / messages, 2 * usualMessage);
  return bytes + message * (tasks + messagesToCome * (openTasks + tasks)) > fullFrom * maxBytes;
}

/** A check that asks at most once a second, however many submits there are. */
export function roomForJobs(context: LogContext, openTasks: () => number): (tasks: number) => Promise<void> {
  let asked: Promise<StreamState> | undefined;
  let askedAt = -Infinity;
  return async (tasks) => {
    if (asked === undefined || performance.now() - askedAt > goodFor) {
      askedAt = performance.now();
      asked = streamState(context);
      // Not an answer to keep.
      asked.catch(() => (asked = undefined));
    }
    const { health } = await asked;
    if (!isFull(health, openTasks(), tasks)) return;
    const percent = Math.floor((100 * health.bytes) / health.maxBytes);
    const open = openTasks();
    const message = `The stream is ${percent} % full (${health.bytes} of ${health.maxBytes} bytes), and the rest is kept for the statuses of ${open} open tasks.`;
    throw new GenwardenError('StorageFull', message);
  };
}
