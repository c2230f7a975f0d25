// Engines that treat tasks that wait for others wrongly, each in one way, and the check that must notice.
import { dueAt, fullBudgets } from '../../src/job/budgets.ts';
import { dependenciesMet } from '../../src/job/rules/dependenciesMet.ts';
import { dependencyFailed } from '../../src/job/rules/dependencyFailed.ts';
import { dependencyTimeout } from '../../src/job/rules/dependencyTimeout.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { isHeld, isOpen } from '../../src/job/task.ts';
import { released } from '../../src/job/transitions.ts';
import { product, type Engine } from './engine.ts';
import type { Mutant } from './mutants.ts';
import { scenarios } from './scenario.ts';

const { chain, chainStale, chainReview, diamond } = scenarios;
const endsInTime = 'every open task ends in time';
const runsAfter = 'a task runs only after all that it waits for';

export const chainMutants: readonly Mutant[] = [
  {
    what: 'a task that is queued once one of those that it waits for has succeeded',
    engine: changed(
      dependenciesMet,
      releasing((states) => states.includes('succeeded')),
    ),
    scenario: diamond,
    caughtBy: runsAfter,
  },
  {
    what: 'a task that is queued once all that it waits for have ended, in whatever way',
    engine: withRules(
      product.rules
        .filter((rule) => rule !== dependencyFailed)
        .map((rule) => (rule === dependenciesMet ? releasing((states) => states.every(hasEnded)) : rule)),
    ),
    scenario: chain,
    caughtBy: endsInTime,
  },
  {
    what: 'a result in review that counts as a success',
    engine: changed(
      dependenciesMet,
      releasing((states) => states.every((one) => one === 'succeeded' || one === 'needs_review')),
    ),
    scenario: chainReview,
    caughtBy: runsAfter,
  },
  {
    what: 'no controller that queues a task when those that it waits for have succeeded',
    engine: withRules(product.rules.filter((rule) => rule !== dependenciesMet)),
    scenario: chain,
    caughtBy: endsInTime,
  },
  {
    what: 'no controller that fails a task with one that it waits for',
    engine: withRules(product.rules.filter((rule) => rule !== dependencyFailed)),
    scenario: chain,
    caughtBy: endsInTime,
  },
  {
    what: 'a controller that believes an old failure of a task that was retried',
    engine: { mustConfirm: () => false },
    scenario: chainStale,
    caughtBy: 'a task fails with another only if that one did',
  },
  {
    what: 'a task whose whole queue budget begins anew, however late the others were',
    engine: changed(dependenciesMet, renewing),
    scenario: chain,
    caughtBy: endsInTime,
  },
  {
    what: 'a task that waits longer than it may live',
    engine: changed(dependencyTimeout, (seen, world, now, random) => {
      const verdict = dependencyTimeout(seen, world, now, random);
      if (verdict?.do !== 'write' || !isHeld(verdict.state)) return verdict;
      return { ...verdict, state: { ...verdict.state, dueAt: verdict.state.of.expiresAt } };
    }),
    scenario: chainReview,
    caughtBy: 'open means dueAt, within deadline and budgets',
  },
];

const hasEnded = (state: string): boolean => ['succeeded', 'failed', 'cancelled'].includes(state);

function releasing(isReady: (parents: readonly string[]) => boolean): Rule {
  return ({ task, parents = [] }, _world, now) => {
    if (!isHeld(task) || !isReady(parents.map((parent) => parent?.state ?? ''))) return undefined;
    return { do: 'write', rule: 'DependenciesMet', state: released(task, now), message: '' };
  };
}

function renewing(...[seen, world, now, random]: Parameters<Rule>): ReturnType<Rule> {
  const verdict = dependenciesMet(seen, world, now, random);
  if (verdict?.do !== 'write' || !isOpen(verdict.state)) return verdict;
  const { of } = verdict.state;
  const budgets = fullBudgets(of.policy);
  return { ...verdict, state: { ...verdict.state, budgets, dueAt: dueAt('queued', of, budgets, now) } };
}

function changed(rule: Rule, instead: Rule): Partial<Engine> {
  return withRules(product.rules.map((one) => (one === rule ? instead : one)));
}

function withRules(rules: readonly Rule[]): Partial<Engine> {
  return { rules };
}
