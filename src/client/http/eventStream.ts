// Reads server-sent events with `fetch`, in Node and in browsers. After a lost connection it resumes where it stopped.

import { isFinished } from '../states.ts';
import type { JobEvent } from '../types/event.ts';
import { GenwardenConnectionError } from './error.ts';
import { unexpected, type CallOptions, type OpenResponse, type Requests } from './request.ts';
import { sleep, withJitter, withRetries } from './retry.ts';

export interface EventOptions extends CallOptions {
  /** Resume after this event; without it a snapshot comes first. */
  readonly lastEventId?: string | undefined;
  /** A connection on which nothing arrives for so long is replaced, ms; the API sends something every few seconds. Default 45 s. */
  readonly silenceMs?: number | undefined;
  /** Called when a connection is open, and when it is lost and another one is tried. */
  readonly onConnection?: ((state: 'open' | 'lost') => void) | undefined;
}

/** An API sends a comment every 3 s, of an earlier version every 15 s: a connection that misses three of those is dead, ms. */
const silenceLimit = 45_000;
/** The delay before reconnecting, without jitter, ms. */
const reconnectAfter = 500;

/**
 * Ends with the last event of the job, if `job` is given. Throws what requests throw, also if each connection ends before an event
 * for longer than `giveUpAfterMs`, and the signal's reason.
 */
export async function* followEvents<Snapshot>(
  requests: Requests,
  job: string | undefined,
  options: EventOptions,
): AsyncGenerator<JobEvent<Snapshot>, void, undefined> {
  const { signal, onConnection } = options;
  const giveUpAfterMs = requests.giveUpAfter(options, true);
  const path = job === undefined ? '/v1/events' : `/v1/jobs/${encodeURIComponent(job)}/events`;
  let last = options.lastEventId;
  let heard = Date.now();
  for (;;) {
    const connection = await connect(requests, path, last, { ...options, giveUpAfterMs });
    // The job has finished, and the stream has nothing after the last event.
    if (connection === undefined) return;
    onConnection?.('open');
    for await (const { id, event } of eventsOf<Snapshot>(connection)) {
      heard = Date.now();
      last = id ?? last;
      if (event === undefined) continue;
      yield event;
      if (job !== undefined && event.event === 'job' && isFinished(event.data)) return;
    }
    signal?.throwIfAborted();
    onConnection?.('lost');
    if (Date.now() - heard >= giveUpAfterMs) throw silent(path, giveUpAfterMs);
    await sleep(withJitter(reconnectAfter), signal);
  }
}

/** Undefined if there is nothing to read any more. */
async function connect(
  requests: Requests,
  path: string,
  last: string | undefined,
  { signal, giveUpAfterMs, silenceMs = silenceLimit, onConnection }: EventOptions & { giveUpAfterMs: number },
): Promise<OpenResponse | undefined> {
  const headers = { accept: 'text/event-stream', 'last-event-id': last };
  const open = async (): Promise<OpenResponse> => {
    try {
      return await requests.open({ method: 'GET', path, headers }, signal, silenceMs);
    } catch (error) {
      if (signal?.aborted !== true) onConnection?.('lost');
      throw error;
    }
  };
  const opened = await withRetries(open, { signal, giveUpAfterMs, repeatable: true });
  const { response, silence } = opened;
  if (response.status === 200 && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    return opened;
  }
  silence.end();
  if (response.status === 204) return undefined;
  throw unexpected(response, `${response.status} without events`);
}

function silent(path: string, ms: number): GenwardenConnectionError {
  const reason = `for ${Math.round(ms / 1_000)} s each connection ended before an event`;
  return new GenwardenConnectionError({ where: path, reason });
}

interface ReadEvent<Snapshot> {
  /** Also of an event that this client does not know. */
  readonly id: string | undefined;
  readonly event: JobEvent<Snapshot> | undefined;
}

/** The events of one connection; ends, and never throws, when it is lost. Comments are events without anything. */
async function* eventsOf<Snapshot>({ response, silence }: OpenResponse): AsyncGenerator<ReadEvent<Snapshot>> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      silence.heard();
      const chunk = await reader.read().catch(() => undefined);
      if (chunk === undefined || chunk.done) return;
      text += chunk.value;
      const blocks = text.split('\n\n');
      // The last block may be incomplete.
      text = blocks.pop()!;
      for (const block of blocks) {
        const fields = fieldsOf(block);
        // The token was revoked or has expired: the next connection is refused, unless the caller has a new token by then.
        if (fields['event'] === 'problem') return;
        yield { id: fields['id'], event: eventOf(fields, response) };
      }
    }
  } finally {
    silence.end();
  }
}

function fieldsOf(block: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, '');
  }
  return fields;
}

const known: readonly string[] = [
  'snapshot',
  'task',
  'job',
  'progress',
  'waiting',
  'reset',
] satisfies JobEvent['event'][];

/** Undefined for a comment, and for an event of a newer version. */
function eventOf<Snapshot>(
  { event, data, id }: Record<string, string>,
  response: Response,
): JobEvent<Snapshot> | undefined {
  if (event === undefined || data === undefined || !known.includes(event)) return undefined;
  try {
    const read = { event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) as unknown };
    return read as unknown as JobEvent<Snapshot>;
  } catch {
    throw unexpected(response, `an event ${event} whose data is not JSON`);
  }
}
