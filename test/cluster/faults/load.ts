// A stream of jobs over HTTP during a fault. Each submit is repeated with its own idempotency key until it is acknowledged, so
// that there is no doubt about which jobs are acknowledged.

import { setTimeout as pause } from 'node:timers/promises';
import { GenwardenApiError } from '../../../src/client/index.ts';
import type { GenwardenClient, SubmitRequest } from '../../../src/client/index.ts';

export interface RunningLoad {
  /** The IDs of all jobs acknowledged so far. */
  readonly jobs: readonly string[];
  /** How long each of them waited for its acknowledgement, ms, with all repetitions. */
  readonly waits: readonly number[];
  /** Stops; returns the IDs once all pending submits are acknowledged. */
  stop(): Promise<readonly string[]>;
}

export interface LoadOptions {
  /** Part of every prompt, which identifies the calls of a row. */
  readonly name: string;
  /** Time between two submits, ms. */
  readonly everyMs: number;
  /** How long a call takes, ms; default 2 s. */
  readonly callMs?: number | undefined;
}

/** Tells the stand-in to make a small image of 64 × 64, because only the jobs matter here. */
export const smallPicture = (afterMs: number): string => `[standin: image small after ${afterMs}ms]`;

export function keepSubmitting(client: GenwardenClient, { name, everyMs, callMs = 2_000 }: LoadOptions): RunningLoad {
  const jobs: string[] = [];
  const waits: number[] = [];
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    for (let made = 0; !stop.signal.aborted; made += 1) {
      const prompt = `${name} ${made} ${smallPicture(callMs)}`;
      const begun = performance.now();
      jobs.push(await submitUntilAcknowledged(client, { kind: 'image', input: { prompt } }));
      waits.push(performance.now() - begun);
      await pause(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    jobs,
    waits,
    stop: async () => {
      stop.abort();
      await running;
      return jobs;
    },
  };
}

/** Retries for minutes, because the fault may also cut off the API. */
async function submitUntilAcknowledged(client: GenwardenClient, body: SubmitRequest): Promise<string> {
  const idempotencyKey = crypto.randomUUID();
  const giveUpAt = Date.now() + 240_000;
  for (;;) {
    try {
      return (await client.submit(body, { idempotencyKey })).id;
    } catch (error) {
      const refused = error instanceof GenwardenApiError && error.status < 500 && error.status !== 429;
      if (refused || Date.now() > giveUpAt) throw error;
      await pause(200);
    }
  }
}
