// Why a task is waiting for its next attempt or a review, and how a finished task ended.

import { about } from '../duration.ts';
import { taskErrors } from '../errors/task.ts';
import type { TaskError, TaskErrorCode } from '../errors/index.ts';
import type { Cancelled, Failed, NeedsReview, Reason, Succeeded, Waiting } from '../task.ts';
import type { Finding, Observation } from './observation.ts';
import { at, clockTime } from './format.ts';

export function whyWaiting(task: Waiting, { now }: Observation): Finding[] {
  const { attempt, of, retryAt, reason } = task;
  const next = retryAt <= now ? 'is due' : `is queued ${at(retryAt, now)}`;
  const summary = `Attempt ${attempt} of ${of.policy.maxAttempts} failed with ${reason}; the next attempt ${next}`;
  const detail = `Attempt ${attempt} of ${of.policy.maxAttempts} failed with ${reason}; next attempt ${clockTime(retryAt)}`;
  const waitingFor = { reason: 'Backoff', until: retryAt, detail } as const;
  return [{ cause: 'WaitingForRetry', summary, advice: adviceWhileWaiting(reason), waitingFor }];
}

export function whyInReview(task: NeedsReview, { now, message = null }: Observation): Finding[] {
  const { job, task: index } = task.of;
  const isFlagged = task.reason === 'Flagged';
  const tweak = isFlagged ? 'tweak, which fixes what was flagged' : 'tweak';
  const why = task.reason === 'AwaitingReview' || message === null ? [] : [message];
  return [
    {
      cause: 'WaitingForReview',
      summary: `Its result has been waiting for a reviewer for ${about(now - task.since)}`,
      advice: `Decide with \`genwarden review ${job} approve --task ${index} --run ${task.run}\` (or reject, or ${tweak}).`,
      waitingFor: {
        reason: 'Review',
        until: task.dueAt,
        detail: `Its result ${isFlagged ? 'was flagged and ' : ''}awaits review since ${clockTime(task.since)}`,
      },
    },
    ...why.map((summary): Finding => ({ cause: 'WaitingForReview', summary })),
  ];
}

export function howItEnded(task: Succeeded | Failed | Cancelled, { now, error }: Observation): Finding[] {
  const ago = `${about(now - task.finishedAt)} ago`;
  switch (task.state) {
    case 'succeeded':
      return [{ cause: 'Succeeded', summary: `It succeeded ${ago}, in run ${task.run}, attempt ${task.attempt}` }];
    case 'cancelled':
      return [
        {
          cause: 'Cancelled',
          summary: `It was cancelled ${ago}`,
          advice: `Run it again with \`genwarden retry ${task.of.job}\`.`,
        },
      ];
    case 'failed': {
      const what = error === null ? (titleOf(task.reason) ?? '') : error.message;
      const tries = `run ${task.run}, attempt ${task.attempt} of ${task.of.policy.maxAttempts}`;
      return [
        {
          cause: 'Failed',
          summary: `It failed ${ago} with ${task.reason} (${tries}): ${what}`,
          advice: adviceAfterFailure(task, error),
        },
      ];
    }
    default:
      return task satisfies never;
  }
}

/**
 * What to do about a failed task. Hints of retryable errors are written for a task that will be retried, but this one will not,
 * unless someone retries its job.
 */
export function adviceAfterFailure({ reason, of }: Pick<Failed, 'reason' | 'of'>, error: TaskError | null): string {
  const command = `\`genwarden retry ${of.job}\``;
  const hint = (error?.hint ?? hintOf(reason) ?? '')
    .replace(/^No action needed[^.]*\. ?/, '')
    .replace(' if this persists', '');
  if (/`genwarden retry`/.test(hint)) return hint.replaceAll('`genwarden retry`', command);
  const named = hint.replace(
    /\b(Then )?retry the job\b/i,
    (_, then) => `${then === undefined ? 'Run' : 'Then run'} ${command}`,
  );
  const isRetryable = error?.retryable ?? entryOf(reason)?.retryable ?? false;
  if (named !== hint || !isRetryable) return named;
  return hint === '' ? `Run it again with ${command}.` : `${hint} Then run ${command}.`;
}

/** Many hints already start with "No action needed". */
function adviceWhileWaiting(reason: Reason): string {
  const hint = hintOf(reason) ?? '';
  return hint.startsWith('No action needed') ? hint : `No action needed. ${hint}`.trim();
}

/** The catalogue's advice for a reason that is an error code. */
const hintOf = (reason: Reason): string | undefined => entryOf(reason)?.hint;
export const titleOf = (reason: Reason): string | undefined => entryOf(reason)?.title;

const entryOf = (reason: Reason) => (reason in taskErrors ? taskErrors[reason as TaskErrorCode] : undefined);
