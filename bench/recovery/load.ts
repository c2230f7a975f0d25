// Keeps a constant number of tasks open: submits the next one whenever one ends.

import type { GenwardenClient, PolicyRequest } from '../../src/client/index.ts';
import type { Record } from './record.ts';

export interface Load {
  /** The ids of all jobs that were acknowledged, one task each. */
  readonly jobs: readonly string[];
  /** Submits no more; throws the error of any submit that failed. */
  stop(): Promise<void>;
}

/** Tasks may lose many workers here, one after the other. */
export const policy: PolicyRequest = { maxAttempts: 20, maxLostAttempts: 20, runTimeout: '1h' };

/** Small images that take about two seconds, each a different time, so that slots do not become free at once. */
export function aPrompt(): string {
  const latency = 1_500 + Math.round(Math.random() * 1_000);
  return `a yard [standin: image small after ${latency}ms]`;
}

export function startLoad(client: GenwardenClient, record: Record, open: number): Load {
  const jobs: string[] = [];
  const pending = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let stopped = false;
  const submitOne = (): void => {
    if (stopped) return;
    const submit = client
      .submit({ kind: 'image', input: { prompt: aPrompt() }, policy }, { giveUpAfterMs: 60_000 })
      .then(
        ({ id }) => void jobs.push(id),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => pending.delete(submit));
    pending.add(submit);
  };
  const deaf = record.onEnd(submitOne);
  for (let index = 0; index < open; index += 1) submitOne();
  return {
    jobs,
    stop: async () => {
      stopped = true;
      deaf();
      await Promise.all(pending);
      if (failures.length > 0) throw new AggregateError(failures, 'submits failed');
    },
  };
}
