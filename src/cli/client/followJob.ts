// Follows one job until it has ended, by requests that wait for its next change; goes on when the API was away.

import { setTimeout as sleep } from 'node:timers/promises';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { stageOf } from './plainLines.ts';
import { isTemporary, whyUnreachable } from './unreachable.ts';

export interface Follower {
  /** Called with the job as it is first, and at each change. */
  readonly onJob: (job: Job) => void;
  /** Called when the API stops answering, with why, and with undefined when it answers again. */
  readonly onAway: (why: string | undefined) => void;
  /** Also show how far running tasks are, which is no change of the job. */
  readonly progress: boolean;
  /** How long the API may be away, ms, before the last error is thrown. */
  readonly patienceMs: number;
}

// Two updates a second: more would flicker, and cost the API requests that nobody sees.
const betweenUpdatesMs = 500;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** Resolves with the job once it is terminal. An API that never answered at all is thrown at once. */
export async function followJob(client: GenwardenClient, id: string, follower: Follower): Promise<Job> {
  let job = await client.get(id);
  follower.onJob(job);
  while (job.finishedAt === null) {
    const askedAt = performance.now();
    const tells = follower.progress && job.progress.running > 0;
    const before = job;
    job = await patiently(follower, () => (tells ? client.get(id) : nextChange(client, before)));
    follower.onJob(job);
    if (job.finishedAt !== null) break;
    await sleep(Math.max(0, askedAt + betweenUpdatesMs - performance.now()));
  }
  return job;
}

/** The job as soon as it is at another stage than before. Throws at once when the API does not answer. */
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

/** Asks until there is an answer, or an error that will not go away by itself, or patience is at its end. */
async function patiently<T>({ onAway, patienceMs }: Follower, ask: () => Promise<T>): Promise<T> {
  let awaySince: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      const answer = await ask();
      if (awaySince !== undefined) onAway(undefined);
      return answer;
    } catch (error) {
      const now = performance.now();
      if (!isTemporary(error) || now - (awaySince ?? now) >= patienceMs) throw error;
      if (awaySince === undefined) onAway(whyUnreachable(error));
      awaySince ??= now;
      await sleep(pauseMs);
    }
  }
}
