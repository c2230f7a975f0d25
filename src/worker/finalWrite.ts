// The message that ends an attempt: a pure function of the claim and the attempt's ending.

import { about } from '../job/duration.ts';
import type { Policy } from '../job/policy.ts';
import { flagSentence } from '../job/resultCheck.ts';
import { afterFailure, type Aftermath } from '../job/retryOrFail.ts';
import { targetOf } from '../job/target.ts';
import type { Instant, Queued, Running, StatusWrite, TaskDetail, TaskWrite } from '../job/task.ts';
import { succeeded, toReview, type ReviewReason } from '../job/transitions.ts';
import type { Claim, Ending, Result, WrittenEnding } from './pipeline.ts';

/** The message to write over the claim; `random` is in [0, 1). */
export function finalWrite({ state, request }: Claim, ending: WrittenEnding, now: Instant, random: number): TaskWrite {
  if (ending.end === 'completed') {
    return completed(state, ending, now);
  }
  const after = afterFailure(state, ending.error, now, random);
  const detail: TaskDetail = { message: sentence(after.state, after.error.message, now), error: after.error };
  if (after.state.state === 'queued') return { state: after.state, detail: { ...detail, request } };
  return { state: after.state, detail };
}

/** The end of an attempt with a result. */
export function completed(
  state: Running,
  { result }: Extract<Ending, { end: 'completed' }>,
  now: Instant,
): StatusWrite {
  const why = reviewReason(state.of.policy, result);
  const next = why === undefined ? succeeded(state, now) : toReview(state, now, why);
  return { state: next, detail: completedDetail(result) };
}

/** Why a person must see the result; undefined if nobody must. A result that could not be checked is reviewed. */
function reviewReason({ review }: Policy, { flags = [], checkFailure }: Result): ReviewReason | undefined {
  if (review === 'never') return undefined;
  if (flags.length > 0) return 'Flagged';
  if (checkFailure !== undefined) return 'CheckFailed';
  return review === 'always' ? 'AwaitingReview' : undefined;
}

function completedDetail({ output, artifacts, usage, remark, flags = [], checkFailure }: Result): TaskDetail {
  const sentences = [
    flags.length === 0 ? [] : [flagSentence(flags)],
    checkFailure === undefined ? [] : [`The check of the result failed: ${checkFailure.replace(/\.$/, '')}`],
    [`Completed in ${about(usage.durationMs)}${remark === undefined ? '' : `; ${remark}`}`],
  ].flat();
  return {
    message: sentences.join('. '),
    ...(flags.length === 0 ? {} : { flags }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(output === undefined ? {} : { output }),
    usage,
  };
}

function sentence(next: Aftermath['state'], error: string, now: Instant): string {
  const cause = error.replace(/\.$/, '');
  if (next.state === 'queued') return `${cause}; ${howRequeued(next)}`;
  return next.state === 'waiting' ? `${cause}; retrying in ${about(next.retryAt - now)}` : error;
}

function howRequeued(next: Queued): string {
  if (next.reason !== 'FellBack') return 'requeued';
  const { pool, model } = targetOf(next);
  return `falling back to model ${model} of pool ${pool}`;
}
