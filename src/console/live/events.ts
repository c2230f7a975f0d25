// The tab's one event stream: of all jobs, or of one job while its page shows it. Listeners get events in batches, at most four
// times a second. The stream resumes after the last event that arrived, so a break loses nothing.

import { signal } from '@preact/signals';
import type { Job, JobEvent } from '../../client/index.ts';
import { api } from '../api/client.ts';
import { currentTime } from './now.ts';

/** `job` names the job of a stream of one job. */
export type StreamEvent = ({ job: undefined } & JobEvent) | ({ job: string } & JobEvent<Job>);

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** `since`: when the connection broke, ms since 1970. */
  | { state: 'reconnecting'; since: number };

export const connection = signal<Connection>({ state: 'connecting' });

type Listener = (events: readonly StreamEvent[]) => void;

const listeners = new Set<Listener>();
let stop: AbortController | undefined;
let watched: string | undefined;

/** The API sends a comment every 3 s: a connection that is silent for longer than this is broken, ms. */
const silenceMs = 5_000;
/** ms. */
const batchEvery = 250;

/** Returns a function that stops listening. */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the stream of all jobs. */
export function startEvents(): void {
  if (stop === undefined) follow(undefined);
}

export function stopEvents(): void {
  stop?.abort();
  stop = undefined;
}

/** Switches the tab's stream to one job, until it has finished or the returned function is called. */
export function watchJob(id: string): () => void {
  follow(id);
  return () => {
    if (watched === id) follow(undefined);
  };
}

function follow(job: string | undefined): void {
  stop?.abort();
  stop = new AbortController();
  watched = job;
  void run(job, stop.signal);
}

/** How long to wait before the stream is opened again after it was refused, ms. */
const retryRefusedAfter = 3_000;

async function run(job: string | undefined, signalOfRun: AbortSignal): Promise<void> {
  const batch = new Batch();
  signalOfRun.addEventListener('abort', () => batch.clear());
  let lastEventId: string | undefined;
  while (!signalOfRun.aborted) {
    try {
      const options = {
        signal: signalOfRun,
        silenceMs,
        giveUpAfterMs: Infinity,
        onConnection: noteConnection,
        lastEventId,
      };
      const events = job === undefined ? api.events(undefined, options) : api.events(job, options);
      for await (const event of events) {
        lastEventId = 'id' in event ? event.id : lastEventId;
        batch.add({ job, ...event } as StreamEvent);
      }
      if (signalOfRun.aborted) return;
      batch.flush();
      // The job has finished: only the stream of all jobs tells when it is retried.
      return follow(undefined);
    } catch {
      if (signalOfRun.aborted) return;
      noteConnection('lost');
      await new Promise((resolve) => setTimeout(resolve, retryRefusedAfter));
    }
  }
}

function noteConnection(state: 'open' | 'lost'): void {
  if (state === 'open') connection.value = { state: 'live' };
  else if (connection.value.state !== 'reconnecting') {
    connection.value = { state: 'reconnecting', since: currentTime() };
  }
}

/** Collects events, and passes them on together. */
class Batch {
  #events: StreamEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(event: StreamEvent): void {
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.flush(), batchEvery);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#events = [];
  }

  flush(): void {
    const events = this.#events;
    this.clear();
    for (const listener of listeners) listener(events);
  }
}
