// A client that follows the events of all jobs through every fault and records them.

import { onTestFinished } from 'vitest';
import type { GenwardenClient } from '../../../src/client/index.ts';
import type { Sequence } from '../../../src/job/task.ts';
import { until } from '../../support/until.ts';

export interface Watcher {
  /** Resolves with the snapshot: every later transition must arrive as an event. */
  readonly ready: Promise<void>;
  /** Those of the given transitions for which no event arrived; waits for the last ones. */
  missed(sequences: readonly Sequence[]): Promise<Sequence[]>;
  /** The number of `reset` events. */
  resets(): number;
}

/** Ends with the test. */
export function watchEverything(client: GenwardenClient): Watcher {
  const received = new Set<Sequence>();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const stop = new AbortController();
  let resets = 0;
  const watch = async (): Promise<void> => {
    for await (const event of client.events(undefined, { signal: stop.signal })) {
      if (event.event === 'snapshot') resolve();
      else if (event.event === 'reset') resets += 1;
      else if (event.event === 'task') received.add(event.data.sequence);
    }
  };
  const watching = watch().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  onTestFinished(async () => {
    stop.abort();
    await watching;
  });
  const missing = (sequences: readonly Sequence[]): Sequence[] => sequences.filter((one) => !received.has(one));
  return {
    ready,
    resets: () => resets,
    missed: async (sequences) => {
      const all = until(() => missing(sequences).length === 0, { what: 'all events', timeoutMs: 15_000 });
      await all.catch(() => undefined);
      return missing(sequences);
    },
  };
}
