// Jobs that keep coming in over HTTP while the cluster is hurt. Each submit is repeated with its own key until it is
// acknowledged, so that what counts as acknowledged is beyond doubt.

import { setTimeout as pause } from 'node:timers/promises';
import { GenwardenApiError } from '../../../src/client/error.ts';
import type { GenwardenClient, SubmitRequest } from '../../../src/client/index.ts';

export interface RunningLoad {
  /** The ids of all jobs acknowledged so far. */
  readonly jobs: readonly string[];
  /** No new submits; the ids once those under way are acknowledged. */
  stop(): Promise<readonly string[]>;
}

export interface LoadOptions {
  /** Names the prompts; so that calls of one row can be told from those of another. */
  readonly name: string;
  /** Between two submits, ms. */
  readonly everyMs: number;
  /** How long a call takes, ms; default 2 s. */
  readonly callMs?: number | undefined;
}

/** To the stand-in: a picture of 64 × 64, as this is about jobs and not about pictures. */
export const smallPicture = (afterMs: number): string => `[standin: image small after ${afterMs}ms]`;

export function keepSubmitting(client: GenwardenClient, { name, everyMs, callMs = 2_000 }: LoadOptions): RunningLoad {
  const jobs: string[] = [];
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    for (let made = 0; !stop.signal.aborted; made += 1) {
      const prompt = `${name} ${made} ${smallPicture(callMs)}`;
      jobs.push(await submitUntilAcknowledged(client, { kind: 'image', input: { prompt } }));
      await pause(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    jobs,
    stop: async () => {
      stop.abort();
      await running;
      return jobs;
    },
  };
}

/** Minutes of patience: the fault may take the way to the API, too. */
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
