// Follows one job until it ends, with requests that wait for its next change. Continues after the API was unavailable.

import { sleep } from '../../../async/sleep.ts';
import type { GenwardenClient, Job, Task } from '../../../client/index.ts';
import { backoffCeiling } from '../../../job/backoff.ts';
import { isTemporary, whyUnreachable } from '../connection.ts';

export interface Follower {
  /** Called with the job at first, and after each change. */
  readonly onJob: (job: Job) => void;
  /** Called with the reason when the API stops answering, and with undefined when it answers again. */
  readonly onAway: (why: string | undefined) => void;
  /** Also report the progress of running tasks, which is not a change of the job. */
  readonly progress: boolean;
  /** How long the API may be unavailable before the last error is thrown, ms. */
  readonly patienceMs: number;
}

// Two updates a second: more would flicker and cost the API requests without a visible effect.
const betweenUpdatesMs = 500;
const retries = { first: 250, cap: 5_000 };

/** Resolves with the job once it is terminal. Throws at once if the first request fails. */
export async function followJob(client: GenwardenClient, id: string, follower: Follower): Promise<Job> {
  let job = await client.get(id);
  follower.onJob(job);
  while (job.finishedAt === null) {
    const askedAt = performance.now();
    const hasProgress = follower.progress && job.progress.running > 0;
    const before = job;
    job = await withRetries(follower, () => (hasProgress ? client.get(id) : nextChange(client, before)));
    follower.onJob(job);
    if (job.finishedAt !== null) break;
    await sleep(Math.max(0, askedAt + betweenUpdatesMs - performance.now()));
  }
  return job;
}

/** What makes a change worth a line. Progress is left out: it would print a line twice a second. */
export const stageOf = ({ state, run, attempt, reason }: Task): string => [state, run, attempt, reason].join(' ');

/** The job as soon as one of its tasks reaches another stage. Throws at once when the API does not answer. */
async function nextChange(client: GenwardenClient, before: Job): Promise<Job> {
  const enough = new AbortController();
  let changed: Job | undefined;
  const onChange = (job: Job): void => {
    if (stagesOf(job) === stagesOf(before)) return;
    changed = job;
    enough.abort();
  };
  try {
    return await client.wait(before.id, { signal: enough.signal, giveUpAfterMs: 0, onChange });
  } catch (error) {
    if (changed !== undefined) return changed;
    throw error;
  }
}

const stagesOf = ({ tasks = [] }: Job): string => tasks.map(stageOf).join();

/** Retries temporary errors until `patienceMs` have passed since the first of them. */
async function withRetries<T>({ onAway, patienceMs }: Follower, request: () => Promise<T>): Promise<T> {
  let awaySince: number | undefined;
  for (let failure = 1; ; failure += 1) {
    try {
      const answer = await request();
      if (awaySince !== undefined) onAway(undefined);
      return answer;
    } catch (error) {
      const now = performance.now();
      if (!isTemporary(error) || now - (awaySince ?? now) >= patienceMs) throw error;
      if (awaySince === undefined) onAway(whyUnreachable(error));
      awaySince ??= now;
      await sleep(backoffCeiling(failure, retries));
    }
  }
}
