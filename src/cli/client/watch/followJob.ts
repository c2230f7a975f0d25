// Follows one job until it ends or only waits for a reviewer, with requests that wait for its next change. Survives API outages.

import { sleep } from '../../../async/sleep.ts';
import { GenwardenApiError, type GenwardenClient, type Job, type Task } from '../../../client/index.ts';
import { backoffCeiling } from '../../../job/backoff.ts';
import { isTemporary, whyUnreachable } from '../connection.ts';

export interface Follower {
  /** Called with the initial job and after each change. */
  readonly onJob: (job: Job) => void;
  /** Called with the reason when the API stops answering, and with undefined when it answers again. */
  readonly onOutage: (why: string | undefined) => void;
  /** Also report the progress of running tasks, which is not a change of the job. */
  readonly progress: boolean;
  /** How long the API may be unavailable before the last error is thrown, ms. */
  readonly giveUpAfterMs: number;
  /** Ends it: its reason is thrown. */
  readonly signal: AbortSignal;
}

// Two updates a second: more would flicker and cost the API requests without a visible effect.
const betweenUpdatesMs = 500;
const retries = { first: 250, cap: 5_000 };

/** Resolves with the job once it is terminal or only waits for a reviewer. Throws immediately if the first request fails. */
export async function followJob(client: GenwardenClient, id: string, follower: Follower): Promise<Job> {
  const { signal } = follower;
  let job = await client.get(id, { signal });
  follower.onJob(job);
  while (!hasEnded(job)) {
    const requestedAt = performance.now();
    const before = job;
    const hasProgress = follower.progress && before.progress.running > 0;
    job = await withRetries(follower, () =>
      hasProgress ? client.get(id, { signal }) : nextChange(client, before, signal),
    ).catch((error: unknown) => {
      throw isGone(error) ? deleted(id, error) : error;
    });
    follower.onJob(job);
    if (hasEnded(job)) break;
    await sleep(Math.max(0, requestedAt + betweenUpdatesMs - performance.now()), signal);
    signal.throwIfAborted();
  }
  return job;
}

const isGone = (error: unknown): error is GenwardenApiError =>
  error instanceof GenwardenApiError && error.code === 'JobNotFound';

function deleted(id: string, { problem }: GenwardenApiError): GenwardenApiError {
  const hint = 'Someone deleted it, or its retention ended. Its results are gone.';
  return new GenwardenApiError({ ...problem, detail: `Job ${id} was deleted while it was watched`, hint });
}

const hasEnded = (job: Job): boolean => job.finishedAt !== null || job.awaitsReview;

/** The part of a task that counts as a change. Progress is excluded: it would print a line twice a second. */
export const stageOf = (task: Task): string =>
  [task.state, task.run, task.attempt, task.reason, waitOf(task)].join(' ');

/** Why the task waits, if it may be for long; a slot that is busy is not worth a line. */
export function waitOf({ state, waitingFor }: Pick<Task, 'state' | 'waitingFor'>): string {
  return state !== 'queued' || waitingFor === null || waitingFor.reason === 'SlotsBusy' ? '' : waitingFor.reason;
}

/** ms after which a job with queued tasks is read again: what they wait for changes without a change of the job. */
const recheckMs = 5_000;

/** Resolves with the job when one of its tasks reaches another stage. Throws immediately when the API does not answer. */
async function nextChange(client: GenwardenClient, before: Job, signal: AbortSignal): Promise<Job> {
  const stop = new AbortController();
  const recheck = before.progress.queued > 0 ? setTimeout(() => stop.abort(), recheckMs) : undefined;
  let changed: Job | undefined;
  const onChange = (job: Job): void => {
    if (stagesOf(job) === stagesOf(before)) return;
    changed = job;
    stop.abort();
  };
  try {
    return await client.wait(before.id, { signal: AbortSignal.any([stop.signal, signal]), giveUpAfterMs: 0, onChange });
  } catch (error) {
    if (changed !== undefined) return changed;
    signal.throwIfAborted();
    if (stop.signal.aborted) return await client.get(before.id, { signal });
    throw error;
  } finally {
    clearTimeout(recheck);
  }
}

const stagesOf = ({ tasks = [] }: Job): string => tasks.map(stageOf).join();

/** Retries temporary errors until `giveUpAfterMs` have passed since the first of them, or the API asks for a longer delay than is left. */
async function withRetries<T>({ onOutage, giveUpAfterMs, signal }: Follower, request: () => Promise<T>): Promise<T> {
  let outageSince: number | undefined;
  for (let failure = 1; ; failure += 1) {
    try {
      const answer = await request();
      if (outageSince !== undefined) onOutage(undefined);
      return answer;
    } catch (error) {
      const now = performance.now();
      const asked = (error instanceof GenwardenApiError ? error.retryAfter : undefined) ?? 0;
      if (!isTemporary(error) || now - (outageSince ?? now) + asked >= giveUpAfterMs) throw error;
      if (outageSince === undefined) onOutage(whyUnreachable(error));
      outageSince ??= now;
      await sleep(Math.max(asked, backoffCeiling(failure, retries)), signal);
      signal.throwIfAborted();
    }
  }
}
