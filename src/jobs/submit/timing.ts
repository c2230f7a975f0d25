// Determines a job's policy and the times that follow from it, and fits them into the retention.

import { lifetime } from '../../job/budgets.ts';
import { latestStarts } from '../../job/chains/order.ts';
import { limitText, parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { policyFor, type JobKind, type Policy, type PolicyRequest } from '../../job/policy.ts';
import type { TaskIndex } from '../../job/ids.ts';
import type { Instant } from '../../job/task.ts';
import { policyRequestOf, type PolicyBody } from './policyBody.ts';

export interface Times {
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  readonly deadline: Instant | null;
}

export function timesOf(body: PolicyBody = {}, retentionMs: number, now: Instant): Times {
  const deadlineMs = typeof body.deadline === 'string' ? parseDuration(body.deadline)! : null;
  return {
    submittedAt: now,
    expiresAt: now + retentionMs,
    deadline: deadlineMs === null ? null : now + deadlineMs,
  };
}

/**
 * The policy of the tasks of one kind. `depth`: how many tasks the job's longest chain has. They run one after the other, so
 * each gets its share of the retention.
 */
export function policyOf(
  kind: JobKind,
  body: PolicyBody = {},
  poolDefaults: PolicyRequest,
  retentionMs: number,
  depth: number,
): Policy {
  const requested = policyRequestOf(body);
  const share = Math.floor(retentionMs / depth);
  return fitted(policyFor(kind, requested, poolDefaults), { ...poolDefaults, ...requested }, share);
}

/** The tasks of a job, by index. */
export interface ScheduledTask {
  readonly name: string | null;
  readonly after: readonly TaskIndex[];
  readonly policy: Policy;
}

/**
 * By task, the latest time at which those that it waits for have ended. Throws `PolicyExceedsRetention` if the requested
 * budgets of a task, or of a chain of tasks together, exceed the retention.
 */
export function startsOf(tasks: readonly ScheduledTask[], times: Times): ReadonlyMap<TaskIndex, Instant> {
  const { submittedAt, expiresAt, deadline } = times;
  const runs = tasks.map(({ after, policy }, task) => ({ task, after, lifetime: lifetime(policy) }));
  const starts = latestStarts(runs, submittedAt);
  const endOf = ({ task, lifetime: own }: (typeof runs)[number]): Instant => starts.get(task)! + own;
  const last = runs.reduce((one, other) => (endOf(other) > endOf(one) ? other : one));
  const end = Math.min(endOf(last), deadline ?? Infinity);
  if (end <= expiresAt) return starts;
  const whose = last.after.length === 0 ? "The job's budgets" : `The budgets of ${chainText(last.task, tasks, starts)}`;
  const [sum, kept] = [limitText(end - submittedAt), limitText(expiresAt - submittedAt)];
  throw new GenwardenError('PolicyExceedsRetention', `${whose} add up to ${sum}, but jobs are kept for ${kept}`);
}

/** `a chain of 3 tasks (storyboard → 1 → collage)`. */
function chainText(last: TaskIndex, tasks: readonly ScheduledTask[], starts: ReadonlyMap<TaskIndex, Instant>): string {
  const chain: TaskIndex[] = [last];
  for (let { after } = tasks[last]!; after.length > 0; { after } = tasks[chain[0]!]!) {
    const endOf = (task: TaskIndex): Instant => starts.get(task)! + lifetime(tasks[task]!.policy);
    chain.unshift(after.reduce((one, other) => (endOf(other) > endOf(one) ? other : one)));
  }
  const names = chain.map((task) => tasks[task]!.name ?? String(task));
  const shown = names.length > 8 ? [...names.slice(0, 4), '…', ...names.slice(-3)] : names;
  return `a chain of ${chain.length} tasks (${shown.join(' → ')})`;
}

/** With a retention shorter than the default budgets, the defaults shrink to fit. Only requested budgets are refused. */
function fitted(policy: Policy, requested: PolicyRequest, retentionMs: number): Policy {
  if (lifetime(policy) <= retentionMs) return policy;
  const open = (['queueTimeout', 'reviewTimeout', 'runTimeout'] as const).filter(
    (budget) => requested[budget] === undefined && (budget !== 'reviewTimeout' || policy.review !== 'never'),
  );
  let left = retentionMs - lifetime({ ...policy, ...Object.fromEntries(open.map((budget) => [budget, 0])) });
  const shrunk: Partial<Record<(typeof open)[number], number>> = {};
  // The short ones first: what they do not need is shared by the long ones.
  for (const [at, budget] of open.toSorted((one, other) => policy[one] - policy[other]).entries()) {
    shrunk[budget] = Math.min(policy[budget], Math.floor(left / (open.length - at)));
    if (shrunk[budget] < 100) return policy;
    left -= shrunk[budget];
  }
  return { ...policy, ...shrunk };
}
