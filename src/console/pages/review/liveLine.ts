// The line of results that wait, kept up to date by the event stream.

import { signal } from '@preact/signals';
import { api } from '../../api/client.ts';
import { onEvents, type StreamEvent } from '../../live/events.ts';
import { withJob, type Line } from './line.ts';
import type { ListedJob } from '../../../client/index.ts';

/** Undefined until it has been read. */
export const line = signal<Line | undefined>(undefined);
export const lineError = signal<unknown>(undefined);

/** Open jobs that are looked through for results that wait. */
const mostListed = 10_000;

/** Returns a function that stops. */
export function followLine(): () => void {
  const stop = new AbortController();
  let arrived: ListedJob[] = [];
  let isReading = false;

  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    arrived = [];
    try {
      let next = await readLine(stop.signal);
      for (const job of arrived) next = withJob(next, job);
      line.value = next;
      lineError.value = undefined;
    } catch (error) {
      if (!stop.signal.aborted) lineError.value = error;
    } finally {
      isReading = false;
    }
  }

  function take(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.event === 'job') noteJob(event.data);
      // What changed meanwhile is unknown.
      if (event.event === 'reset' || event.event === 'snapshot') void read();
    }
  }

  function noteJob(job: ListedJob): void {
    if (isReading) arrived.push(job);
    if (line.value !== undefined) line.value = withJob(line.value, job);
  }

  void read();
  const silence = onEvents(take);
  return () => {
    silence();
    stop.abort();
  };
}

/** Also of jobs in other states, of which some tasks wait. */
async function readLine(signalOfRead: AbortSignal): Promise<Line> {
  let found: Line = new Map();
  let listed = 0;
  for await (const job of api.list({ state: 'open', pageSize: 500 }, { signal: signalOfRead })) {
    found = withJob(found, job);
    listed += 1;
    if (listed === mostListed) break;
  }
  return found;
}
