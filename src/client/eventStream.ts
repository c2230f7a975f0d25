// Reads server-sent events with `fetch`, in Node and in browsers, and goes on after lost connections where it was.

import type { JobEvent } from './eventTypes.ts';
import { patiently } from './patience.ts';
import type { Send } from './request.ts';
import type { State } from './types.ts';

export interface EventOptions {
  readonly signal?: AbortSignal | undefined;
  /** Go on after this event; without it a snapshot comes first. */
  readonly lastEventId?: string | undefined;
  /** How long to bear an API that does not answer, ms; default: for ever. */
  readonly giveUpAfterMs?: number | undefined;
}

/** The API sends a comment each 15 s: a connection that is silent for three of them is dead, ms. */
const silence = 45_000;
/** Between the end of a stream and the next try, ms: half of it fixed, half random. */
const pause = 500;
const openStates: readonly State[] = ['queued', 'running', 'waiting', 'needs_review'];

/** Ends with the last event of the job, where `job` is given. Throws what `patiently` throws, and the signal's reason. */
export async function* followEvents<Snapshot>(
  send: Send,
  job: string | undefined,
  { signal, lastEventId, giveUpAfterMs }: EventOptions,
): AsyncGenerator<JobEvent<Snapshot>, void, undefined> {
  const path = job === undefined ? '/v1/events' : `/v1/jobs/${encodeURIComponent(job)}/events`;
  let last = lastEventId;
  for (;;) {
    const headers = { accept: 'text/event-stream', 'last-event-id': last };
    const { response, watchdog } = await patiently(() => connect(send, path, headers, signal), signal, giveUpAfterMs);
    for await (const event of eventsOf<Snapshot>(response, watchdog)) {
      last = 'id' in event ? event.id : last;
      yield event;
      if (job !== undefined && event.event === 'job' && !openStates.includes(event.data.state)) return;
    }
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
    signal?.throwIfAborted();
  }
}

async function connect(
  send: Send,
  path: string,
  headers: Record<string, string | undefined>,
  signal: AbortSignal | undefined,
): Promise<{ response: Response; watchdog: Watchdog }> {
  const watchdog = new Watchdog(signal);
  watchdog.heard();
  try {
    return { response: await send('GET', path, { headers, signal: watchdog.signal }), watchdog };
  } catch (error) {
    watchdog.end();
    signal?.throwIfAborted();
    // As `fetch` says it when there is no answer.
    throw watchdog.bit ? new TypeError(`No answer within ${silence} ms`) : error;
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

  /** The connection was silent for too long. */
  bit = false;

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.bit = true;
      this.#silent.abort();
    }, silence);
  }

  /** Lets go of the connection. */
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
      watchdog.heard();
      const chunk = await reader.read().catch(() => undefined);
      if (chunk === undefined || chunk.done) return;
      text += chunk.value;
      const blocks = text.split('\n\n');
      // The last one may be cut: what is not whole was never received.
      text = blocks.pop()!;
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event as JobEvent<Snapshot>;
      }
    }
  } finally {
    watchdog.end();
  }
}

/** Undefined for a comment. */
function parseEvent(block: string): unknown {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, '');
  }
  const { event, data, id } = fields;
  if (event === undefined || data === undefined) return undefined;
  return { event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) as unknown };
}
