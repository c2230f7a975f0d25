// Reads server-sent events with `fetch`, in Node and in browsers. After a lost connection it resumes where it stopped.

import type { JobEvent } from './eventTypes.ts';
import type { Send } from './request.ts';
import { sleep, withJitter, withRetries } from './retry.ts';
import type { State } from './types.ts';

export interface EventOptions {
  readonly signal?: AbortSignal | undefined;
  /** Resume after this event; without it a snapshot comes first. */
  readonly lastEventId?: string | undefined;
  /** How long to retry while the API does not answer, ms; default: without limit. */
  readonly giveUpAfterMs?: number | undefined;
}

/** The API sends a comment every 15 s: a connection that misses three of them is dead, ms. */
const silenceLimit = 45_000;
/** The delay before reconnecting, without jitter, ms. */
const reconnectAfter = 500;
const openStates: readonly State[] = ['queued', 'running', 'waiting', 'needs_review'];

/** Ends with the last event of the job, if `job` is given. Throws what `withRetries` throws, and the signal's reason. */
export async function* followEvents<Snapshot>(
  send: Send,
  job: string | undefined,
  { signal, lastEventId, giveUpAfterMs }: EventOptions,
): AsyncGenerator<JobEvent<Snapshot>, void, undefined> {
  const path = job === undefined ? '/v1/events' : `/v1/jobs/${encodeURIComponent(job)}/events`;
  let last = lastEventId;
  for (;;) {
    const headers = { accept: 'text/event-stream', 'last-event-id': last };
    const { response, watchdog } = await withRetries(() => connect(send, path, headers, signal), signal, giveUpAfterMs);
    for await (const event of eventsOf<Snapshot>(response, watchdog)) {
      last = 'id' in event ? event.id : last;
      yield event;
      if (job !== undefined && event.event === 'job' && !openStates.includes(event.data.state)) return;
    }
    await sleep(withJitter(reconnectAfter), signal);
  }
}

async function connect(
  send: Send,
  path: string,
  headers: Record<string, string | undefined>,
  signal: AbortSignal | undefined,
): Promise<{ response: Response; watchdog: Watchdog }> {
  const watchdog = new Watchdog(signal);
  watchdog.restart();
  try {
    return { response: await send('GET', path, { headers, signal: watchdog.signal }), watchdog };
  } catch (error) {
    watchdog.end();
    signal?.throwIfAborted();
    // `fetch` throws a TypeError too when no response arrives.
    throw watchdog.expired ? new TypeError(`No answer within ${silenceLimit} ms`) : error;
  }
}

/** Aborts a connection that has been silent for too long, or when the caller's signal aborts. */
class Watchdog {
  readonly signal: AbortSignal;
  readonly #silent = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal === undefined ? this.#silent.signal : AbortSignal.any([signal, this.#silent.signal]);
  }

  /** True once the connection was silent for too long. */
  expired = false;

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#silent.abort();
    }, silenceLimit);
  }

  /** Closes the connection. */
  end(): void {
    clearTimeout(this.#timer);
    this.#silent.abort();
  }
}

/** The events of one connection; ends, and never throws, when it is lost. */
async function* eventsOf<Snapshot>(response: Response, watchdog: Watchdog): AsyncGenerator<JobEvent<Snapshot>> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      watchdog.restart();
      const chunk = await reader.read().catch(() => undefined);
      if (chunk === undefined || chunk.done) return;
      text += chunk.value;
      const blocks = text.split('\n\n');
      // The last block may be incomplete.
      text = blocks.pop()!;
      for (const block of blocks) {
        const event = parseEvent(block);
        // The token was revoked or has expired: the next connection is refused, unless the caller has a new token by then.
        if (event?.event === 'problem') return;
        if (event !== undefined) yield event as unknown as JobEvent<Snapshot>;
      }
    }
  } finally {
    watchdog.end();
  }
}

/** Undefined for a comment. */
function parseEvent(block: string): { event: string; id?: string; data: unknown } | undefined {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, '');
  }
  const { event, data, id } = fields;
  if (event === undefined || data === undefined) return undefined;
  return { event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) as unknown };
}
