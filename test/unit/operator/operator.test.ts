// The operator: one of two leads and the other takes over; controllers run only during a term and with a current index.
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { whenAborted } from '../../../src/async/abort.ts';
import { fakeLeadership } from '../../fakes/leadership.ts';
import type { Controller } from '../../../src/operator/runtime/controller.ts';
import { startOperator } from '../../../src/operator/operator.ts';
import type { OperatorContext } from '../../../src/operator/context.ts';
import { createProblems } from '../../../src/operator/problems.ts';
import { createOperatorMetrics } from '../../../src/telemetry/metrics.ts';
import { until } from '../../support/until.ts';

/** Operators that campaign for the same leadership; `events` says what their controllers did. */
function stage() {
  const leadership = fakeLeadership();
  const events: string[] = [];
  const enter = (name: string, { ready = true } = {}) => {
    const index = { ready, lag: 0 };
    const problems = createProblems();
    const registry = new Registry();
    const context = {
      problems,
      logger: pino({ enabled: false }),
      metrics: createOperatorMetrics(registry),
      follower: { ready: () => ({ ready: index.ready, reason: 'behind' }), lag: () => index.lag },
    } as unknown as OperatorContext;
    const controllers = [() => noting(name, events)];
    const operator = startOperator({ ...context, name, leadership, controllers });
    onTestFinished(() => operator.close());
    const leads = async (): Promise<number | undefined> => (await context.metrics.leader.get()).values[0]?.value;
    return { operator, index, problems, leads };
  };
  const happens = (event: string): Promise<boolean> => until(() => events.includes(event), { what: event });
  return { leadership, events, enter, happens };
}

/** Reconciles one key until its signal aborts. */
function noting(name: string, events: string[]): Controller {
  return {
    name: 'things',
    start: async (enqueue) => {
      events.push(`${name} starts`);
      enqueue({ namespace: 'n', name: 'a' });
    },
    reconcile: async (key, signal) => {
      events.push(`${name} has ${key.namespace}/${key.name}`);
      await whenAborted(signal);
      events.push(`${name} lets go`);
      return undefined;
    },
  };
}

test('one of two leads; when it closes, its reconciles end before the other starts', async () => {
  const { events, enter, happens } = stage();
  const one = enter('one');
  await happens('one has n/a');
  const two = enter('two');
  expect([one.operator.leading(), two.operator.leading()]).toEqual([true, false]);
  expect([await one.leads(), await two.leads()]).toEqual([1, 0]);
  await one.operator.close();
  await happens('two has n/a');
  expect(events).toEqual(['one starts', 'one has n/a', 'one lets go', 'two starts', 'two has n/a']);
  expect([one.operator.leading(), two.operator.leading()]).toEqual([false, true]);
  expect([await one.leads(), await two.leads()]).toEqual([0, 1]);
});

test('the end of a term stops the controllers, and the next term starts new ones', async () => {
  const { leadership, events, enter, happens } = stage();
  enter('one');
  await happens('one has n/a');
  enter('two');
  leadership.depose('operator');
  await happens('two has n/a');
  leadership.depose('operator');
  await until(() => events.filter((event) => event === 'one starts').length === 2, { what: 'the first to lead again' });
  expect(events.slice(0, 6)).toEqual([
    'one starts',
    'one has n/a',
    'one lets go',
    'two starts',
    'two has n/a',
    'two lets go',
  ]);
});

test('controllers run only while the index is current', async () => {
  const { events, enter, happens } = stage();
  const { operator, index } = enter('one', { ready: false });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([operator.leading(), events]).toEqual([false, []]);
  index.ready = true;
  await happens('one has n/a');
  Object.assign(index, { ready: false, lag: 6_000 });
  await happens('one lets go');
  await until(() => !operator.leading(), { what: 'the end of the term' });
});

test('a standby is ready, and a leader is ready while it can read its sources', async () => {
  const { enter, happens } = stage();
  const { operator, problems } = enter('one');
  const other = enter('two');
  await happens('one has n/a');
  for (const each of [problems, other.problems]) each.report('things', 'The API server does not know things');
  expect(operator.ready()).toEqual({ ready: false, reason: 'The API server does not know things' });
  expect(other.operator.ready().ready).toBe(true);
  problems.report('things', undefined);
  expect(operator.ready().ready).toBe(true);
});
