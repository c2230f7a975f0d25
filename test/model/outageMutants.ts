// Engines with one deliberate bug each in what happens during an outage, and the check that must notice it.
import { rules } from '../../src/job/rules/decide.ts';
import { queueTimeout } from '../../src/job/rules/queueTimeout.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { targetBlocked } from '../../src/job/rules/targetBlocked.ts';
import { failBy } from '../../src/job/rules/timeout.ts';
import type { Queued } from '../../src/job/task.ts';
import { fellBack } from '../../src/job/transitions.ts';
import { product, type Engine } from './engine.ts';
import type { Mutant } from './mutants.ts';
import { scenarios } from './scenario.ts';

const { outage, fallback, impatient } = scenarios;
const onlyGrow = 'targets only grow within a run';

export const outageMutants: readonly Mutant[] = [
  {
    what: 'no rule TargetBlocked',
    engine: { rules: rules.filter((rule) => rule !== targetBlocked) },
    scenario: impatient,
    caughtBy: 'every open task ends in time',
  },
  {
    what: 'a queue timeout that ignores the block',
    engine: changed(queueTimeout, (seen, ...world) => {
      const verdict = queueTimeout(seen, ...world);
      return verdict === undefined ? undefined : failBy('QueueTimeout', seen.task, 'late', world[1]);
    }),
    scenario: outage,
    caughtBy: 'a blocked task names the provider',
  },
  {
    what: 'a blocked task that goes back to an earlier target',
    engine: changed(targetBlocked, (seen, world, now, random) => {
      const { task } = seen;
      if (task.state !== 'queued' || task.target !== 1) return targetBlocked(seen, world, now, random);
      return { do: 'write', rule: 'FallBack', state: fellBack(task, 0, now), message: 'falling back' };
    }),
    scenario: fallback,
    caughtBy: 'every open task ends in time',
  },
  {
    what: 'a failed attempt that moves the task to its first target again',
    engine: { finalWrite: inOutage((next, claim) => (claim.target === 1 ? fellBack(claim, 0, next.since) : next)) },
    scenario: fallback,
    caughtBy: onlyGrow,
  },
  {
    what: 'an attempt that counts although the outage is known',
    engine: { finalWrite: inOutage((next) => ({ ...next, attempt: next.attempt + 1 })) },
    scenario: outage,
    caughtBy: 'attempts only grow by claims',
  },
  {
    what: 'an outage that costs neither attempts nor time',
    engine: { finalWrite: inOutage((next, { budgets }) => ({ ...next, budgets, dueAt: next.since + budgets.queue })) },
    scenario: outage,
    caughtBy: 'every open task ends in time',
  },
  {
    what: 'a late failure of an earlier target that fails the task',
    engine: { adopt: adoptingFailures },
    scenario: fallback,
    caughtBy: onlyGrow,
  },
];

function changed(rule: Rule, into: Rule): Partial<Engine> {
  return { rules: rules.map((other) => (other === rule ? into : other)) };
}

type Claimed = Parameters<Engine['finalWrite']>[0]['state'];

/** Changes how a task is requeued after an attempt that failed in a known outage. */
function inOutage(change: (next: Queued, claim: Claimed) => Queued): Engine['finalWrite'] {
  return (claim, ending, now, random) => {
    const write = product.finalWrite(claim, ending, now, random);
    const isOutage = ending.end === 'failed' && ending.error.outage === true;
    if (!isOutage || write.state.state !== 'queued') return write;
    return { state: change(write.state, claim.state), detail: { message: '', request: claim.request } };
  };
}

/** As if the task still had the claim's target and no fallback. */
function adoptingFailures(...[claim, ending, last, now]: Parameters<Engine['adopt']>): ReturnType<Engine['adopt']> {
  const { of, target = 0 } = claim.state;
  if (last === undefined || ending.end !== 'failed') return product.adopt(claim, ending, last, now);
  const policy = { ...of.policy, fallback: [] };
  const alone = { ...claim, state: { ...claim.state, of: { ...of, policy } } };
  const adoption = product.adopt(alone, ending, { ...last, state: { ...last.state, target } }, now);
  if (adoption?.write.state.state !== 'failed') return adoption;
  return { ...adoption, write: { ...adoption.write, state: { ...adoption.write.state, of } } };
}
