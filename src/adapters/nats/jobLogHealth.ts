// How the stream stands: its last sequence, its age, its size. And whether there is room for another job.

import { GenwardenError } from '../../job/errors.ts';
import type { Sequence } from '../../job/task.ts';
import type { StreamHealth } from '../../ports/jobLog.ts';
import { askApi } from './jobLogApi.ts';
import type { LogContext } from './jobLogWrite.ts';
import { streamName } from './subjects.ts';

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

/** The rest is for the statuses of jobs that are in already. */
const fullFrom = 0.85;
const goodFor = 1_000;

/** A check that asks at most once a second, however many submits there are. */
export function roomForJobs(context: LogContext): () => Promise<void> {
  let asked: Promise<StreamState> | undefined;
  let askedAt = -Infinity;
  return async () => {
    if (asked === undefined || performance.now() - askedAt > goodFor) {
      askedAt = performance.now();
      asked = streamState(context);
      // Not an answer to keep.
      asked.catch(() => (asked = undefined));
    }
    const { bytes, maxBytes } = (await asked).health;
    if (maxBytes <= 0 || bytes < fullFrom * maxBytes) return;
    const percent = Math.floor((100 * bytes) / maxBytes);
    throw new GenwardenError('StorageFull', `The stream is ${percent} % full: ${bytes} of ${maxBytes} bytes.`);
  };
}
