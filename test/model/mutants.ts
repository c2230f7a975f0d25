// Engines with one deliberate bug each, and the check that must notice it. A search that finds no violation is only
// convincing if it finds these.
import { budgetsAfter, dueAt, fullBudgets } from '../../src/job/budgets.ts';
import type { Policy } from '../../src/job/policy.ts';
import { attemptTimeout } from '../../src/job/rules/attemptTimeout.ts';
import { deadlineExceeded } from '../../src/job/rules/deadlineExceeded.ts';
import { rules } from '../../src/job/rules/decide.ts';
import { messageLost } from '../../src/job/rules/messageLost.ts';
import { queueTimeout } from '../../src/job/rules/queueTimeout.ts';
import { retryDue } from '../../src/job/rules/retryDue.ts';
import { reviewTimeout } from '../../src/job/rules/reviewTimeout.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { runTimeout } from '../../src/job/rules/runTimeout.ts';
import { taskOrphaned } from '../../src/job/rules/taskOrphaned.ts';
import { workerLost } from '../../src/job/rules/workerLost.ts';
import { isHeld, type OpenTask, type Queued, type Running, type TaskState, type Waiting } from '../../src/job/task.ts';
import { cancelled, requeued } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { product, type Engine } from './engine.ts';
import { scenarios, type Scenario } from './scenario.ts';

export interface Mutant {
  readonly what: string;
  readonly engine: Partial<Engine>;
  readonly scenario: Scenario;
  /** The check that must notice. */
  readonly caughtBy: string;
}

const endsInTime = 'every open task ends in time';
const { one, faults, stale, review, deadline } = scenarios;

const without = (rule: Rule): Partial<Engine> => ({ rules: rules.filter((other) => other !== rule) });
const changed = (rule: Rule, into: Rule): Partial<Engine> => ({
  rules: rules.map((other) => (other === rule ? into : other)),
});

export const mutants: readonly Mutant[] = [
  { what: 'no rule DeadlineExceeded', engine: without(deadlineExceeded), scenario: deadline, caughtBy: endsInTime },
  { what: 'no rule QueueTimeout', engine: without(queueTimeout), scenario: one, caughtBy: endsInTime },
  { what: 'no rule ReviewTimeout', engine: without(reviewTimeout), scenario: review, caughtBy: endsInTime },
  { what: 'no rule RunTimeout', engine: without(runTimeout), scenario: one, caughtBy: endsInTime },
  { what: 'no rule AttemptTimeout', engine: without(attemptTimeout), scenario: one, caughtBy: endsInTime },
  { what: 'no rule WorkerLost', engine: without(workerLost), scenario: one, caughtBy: endsInTime },
  { what: 'no rule TaskOrphaned', engine: without(taskOrphaned), scenario: one, caughtBy: endsInTime },
  { what: 'no rule RetryDue', engine: without(retryDue), scenario: one, caughtBy: endsInTime },
  { what: 'no rule MessageLost', engine: without(messageLost), scenario: one, caughtBy: endsInTime },
  {
    what: 'PoisonPill one worker too late',
    engine: changed(
      workerLost,
      withPolicy(workerLost, (policy) => ({ maxLostAttempts: policy.maxLostAttempts + 1 })),
    ),
    scenario: one,
    caughtBy: 'an open task has attempts and workers left',
  },
  {
    what: 'one attempt too many',
    engine: changed(
      attemptTimeout,
      withPolicy(attemptTimeout, (policy) => ({ maxAttempts: policy.maxAttempts + 1 })),
    ),
    scenario: { ...one, policy: { ...faults.policy, runTimeout: one.policy.runTimeout + 1_000 } },
    caughtBy: 'TooManyAttempts',
  },
  {
    what: 'a lost worker that is not counted',
    engine: changed(
      workerLost,
      requeueing(workerLost, (task, now) => requeued(task, 'WorkerLost', 'counts', now)),
    ),
    scenario: one,
    caughtBy: 'a lost worker is counted',
  },
  {
    what: 'a requeue that gives the budgets back',
    engine: changed(
      retryDue,
      requeueing(retryDue, (task, now) => renewed(requeued(task, 'RetryDue', 'counts', now), now)),
    ),
    scenario: one,
    caughtBy: endsInTime,
  },
  {
    what: 'a free requeue although the time of the run is over',
    engine: { finalWrite: freeOfTime },
    scenario: one,
    caughtBy: endsInTime,
  },
  {
    what: 'a retry of what must not be retried',
    engine: { finalWrite: retryingAll },
    scenario: one,
    caughtBy: 'no retry of what must not be retried',
  },
  {
    what: 'a claim that does not name the spec it saw',
    engine: { takes: ({ state, expected }, last) => state.state === 'running' || expected === last.sequence },
    scenario: stale,
    caughtBy: 'one chain',
  },
  {
    what: 'a controller that writes although another message came in between',
    engine: { takes: ({ by, expected }, last) => by.startsWith('controller') || expected === last.sequence },
    scenario: stale,
    caughtBy: 'one chain',
  },
  {
    what: 'a worker that acknowledges before it claims',
    engine: { acksFirst: true },
    scenario: one,
    caughtBy: 'the queue keeps what is queued',
  },
  {
    what: 'a late result adopted while another worker runs the task',
    engine: { adopt: (claim, ending, last, now) => product.adopt(claim, ending, asIfQueued(last, now), now) },
    scenario: one,
    caughtBy: 'adopted only while no worker runs it, in the same run',
  },
  {
    what: 'a late result adopted in a later run',
    engine: { adopt: (claim, ending, last, now) => product.adopt(inRunOf(claim, last), ending, last, now) },
    scenario: { ...stale, retries: 1, faults: 0 },
    caughtBy: 'adopted only while no worker runs it, in the same run',
  },
  {
    what: 'a time limit of a claim adopted after the task was taken from it',
    engine: { adopt: adoptingLimits },
    scenario: one,
    caughtBy: 'a time limit is named only when it is reached',
  },
  {
    what: 'a claim without dueAt',
    engine: { claimed: (...given) => ({ ...product.claimed(...given), dueAt: Infinity }) },
    scenario: one,
    caughtBy: endsInTime,
  },
  {
    what: 'a claim with a dueAt that ignores the deadline',
    engine: { claimed: claimedPastDeadline },
    scenario: { ...deadline, faults: 0, deadline: 1, policy: one.policy },
    caughtBy: endsInTime,
  },
  {
    what: 'a cancel of what has finished',
    engine: { decide: cancellingAlways },
    scenario: one,
    caughtBy: 'only known transitions',
  },
];

function cancellingAlways(...[{ asks }, last, now]: Parameters<Engine['decide']>): ReturnType<Engine['decide']> {
  if (asks !== 'cancel') return { do: 'nothing' };
  return { do: 'write', write: { state: cancelled(last as OpenTask, now), detail: { message: '' } } };
}

/** The rule under another policy, of which the task keeps nothing. */
function withPolicy(rule: Rule, change: (policy: Policy) => Partial<Policy>): Rule {
  return (seen, ...world) => {
    const { of } = seen.task;
    const policy = { ...of.policy, ...change(of.policy) };
    const verdict = rule({ ...seen, task: { ...seen.task, of: { ...of, policy } } }, ...world);
    return verdict?.do === 'write' ? { ...verdict, state: { ...verdict.state, of } } : verdict;
  };
}

/** The rule, with another way to queue the task again. */
function requeueing(rule: Rule, again: (task: Queued | Running | Waiting, now: number) => TaskState): Rule {
  return (seen, world, now, random) => {
    const verdict = rule(seen, world, now, random);
    if (
      verdict?.do !== 'write' ||
      verdict.state.state !== 'queued' ||
      seen.task.state === 'needs_review' ||
      isHeld(seen.task)
    )
      return verdict;
    return { ...verdict, state: again(seen.task, now) };
  };
}

function renewed(task: ReturnType<typeof requeued>, now: number): TaskState {
  const budgets = fullBudgets(task.of.policy);
  return { ...task, budgets, dueAt: dueAt('queued', task.of, budgets, now) };
}

function freeOfTime(
  ...[claim, ending, now, random]: Parameters<Engine['finalWrite']>
): ReturnType<Engine['finalWrite']> {
  const write = product.finalWrite(claim, ending, now, random);
  if (ending.end !== 'failed' || ending.error.code !== 'RateLimited') return write;
  return { state: requeued(claim.state, 'RateLimited', 'free', now), detail: { message: '', request: claim.request } };
}

function retryingAll(
  ...[claim, ending, now, random]: Parameters<Engine['finalWrite']>
): ReturnType<Engine['finalWrite']> {
  if (ending.end === 'completed') return product.finalWrite(claim, ending, now, random);
  return product.finalWrite(claim, { ...ending, error: { ...ending.error, retryable: true } }, now, random);
}

function asIfQueued(last: LogEntry | undefined, now: number): LogEntry | undefined {
  if (last?.state.state !== 'running') return last;
  return {
    ...last,
    state: { ...requeued(last.state, 'WorkerLost', 'counts', now), budgets: budgetsAfter(last.state, now) },
  };
}

type Claim = Parameters<Engine['adopt']>[0];

const inRunOf = (claim: Claim, last: LogEntry | undefined): Claim =>
  last === undefined ? claim : { ...claim, state: { ...claim.state, run: last.state.run } };

function adoptingLimits(...[claim, ending, last, now]: Parameters<Engine['adopt']>): ReturnType<Engine['adopt']> {
  if (ending.end !== 'failed' || ending.error.code !== 'RunTimeout') return product.adopt(claim, ending, last, now);
  const refusal = { ...ending, error: { ...ending.error, code: 'PromptRefused' as const } };
  const adoption = product.adopt(claim, refusal, last, now);
  if (adoption?.write.state.state !== 'failed') return adoption;
  return { ...adoption, write: { ...adoption.write, state: { ...adoption.write.state, reason: 'RunTimeout' } } };
}

function claimedPastDeadline(
  ...[task, worker, beat, now]: Parameters<Engine['claimed']>
): ReturnType<Engine['claimed']> {
  const claim = product.claimed({ ...task, of: { ...task.of, deadline: null } }, worker, beat, now);
  return { ...claim, of: task.of };
}
