// The message that ends an attempt: a pure function of the claim and the attempt's ending.

import { formatDuration } from '../job/duration.ts';
import { afterFailure } from '../job/retryOrFail.ts';
import { targetOf } from '../job/target.ts';
import type { Instant, Queued, TaskDetail, TaskState, TaskWrite } from '../job/task.ts';
import { succeeded, toReview } from '../job/transitions.ts';
import type { Claim, Ending, WrittenEnding } from './pipeline.ts';

/** The message to write over the claim; `random` is in [0, 1). */
export function finalWrite({ state, request }: Claim, ending: WrittenEnding, now: Instant, random: number): TaskWrite {
  if (ending.end === 'completed') {
    const next = state.of.policy.review === 'always' ? toReview(state, now) : succeeded(state, now);
    return { state: next, detail: completedDetail(ending) };
  }
  const after = afterFailure(state, ending.error, now, random);
  const detail: TaskDetail = { message: sentence(after.state, after.error.message, now), error: after.error };
  if (after.state.state === 'queued') return { state: after.state, detail: { ...detail, request } };
  return { state: after.state, detail };
}

export function completedDetail({ result }: Extract<Ending, { end: 'completed' }>): TaskDetail {
  const { output, artifacts, usage, remark } = result;
  const completed = `Completed in ${formatDuration(usage.durationMs)}`;
  return {
    message: remark === undefined ? completed : `${completed}; ${remark}`,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(output === undefined ? {} : { output }),
    usage,
  };
}

function sentence(next: TaskState, error: string, now: Instant): string {
  const cause = error.replace(/\.$/, '');
  if (next.state === 'queued') return `${cause}; ${howRequeued(next)}`;
  return next.state === 'waiting' ? `${cause}; retrying in ${formatDuration(next.retryAt - now)}` : error;
}

function howRequeued(next: Queued): string {
  if (next.reason !== 'FellBack') return 'requeued';
  const { pool, model } = targetOf(next);
  return `falling back to model ${model} of pool ${pool}`;
}
