// Waits for a job with requests that the API holds until the job changes, through restarts of the API and lost connections.

import { GenwardenApiError } from './http/error.ts';
import { unexpected, type ApiRequest, type CallOptions, type Requests } from './http/request.ts';
import { withRetries } from './http/retry.ts';
import { isFinished } from './states.ts';
import type { Job } from './types/job.ts';

export interface WaitOptions extends CallOptions {
  /** Called with the job after each change. */
  readonly onChange?: (job: Job) => void;
  /** Wait on while results wait for a reviewer, until the job has finished. */
  readonly throughReview?: boolean;
  /** Stop waiting as soon as this is true of the job. */
  readonly until?: (job: Job) => boolean;
}

/** Resolves with the job once it has finished, waits for nothing but a reviewer, or is as `until` wants it. */
export async function waitForJob(requests: Requests, path: string, options: WaitOptions): Promise<Job> {
  const { signal, onChange, throughReview = false, until = () => false } = options;
  const rule = { signal, giveUpAfterMs: requests.giveUpAfter(options, true), repeatable: true };
  let tag: string | undefined;
  for (;;) {
    const wait = tag === undefined ? undefined : holdFor(requests.timeoutMs);
    const request: ApiRequest = { method: 'GET', path, query: { wait }, headers: { 'if-none-match': tag } };
    const answer = await withRetries(() => heldRead(requests, request, signal), rule);
    if (answer === undefined) continue;
    tag = answer.tag;
    onChange?.(answer.job);
    if (isFinished(answer.job) || until(answer.job)) return answer.job;
    if (!throughReview && answer.job.awaitsReview) return answer.job;
  }
}

/** The API must answer before the connection counts as dead. */
function holdFor(timeoutMs: number): string {
  const seconds = Math.min(30, Math.floor(timeoutMs / 2_000));
  return seconds > 0 ? `${seconds}s` : `${Math.floor(timeoutMs / 2)}ms`;
}

/** A token that expires during the wait ends it. Asks once more, because the client may have a new token then. */
async function heldRead(requests: Requests, request: ApiRequest, signal: AbortSignal | undefined) {
  try {
    return await jobIfChanged(requests, request, signal);
  } catch (error) {
    if (!(error instanceof GenwardenApiError) || error.status !== 401) throw error;
    return jobIfChanged(requests, request, signal);
  }
}

async function jobIfChanged(
  requests: Requests,
  request: ApiRequest,
  signal: AbortSignal | undefined,
): Promise<{ job: Job; tag: string } | undefined> {
  const opened = await requests.open(request, signal);
  const { response } = opened;
  if (response.status === 304) return void opened.silence.end();
  const tag = response.headers.get('etag');
  const job = await requests.read(request, opened, signal, async () => (await response.json()) as Job);
  if (tag === null) throw unexpected(response, 'without an ETag');
  return { job, tag };
}
