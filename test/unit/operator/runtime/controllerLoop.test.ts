// The controller loop: concurrency, retries, metrics, timeouts, and the drain at the end of a term.
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { whenAborted } from '../../../../src/async/abort.ts';
import type { Enqueue, Controller } from '../../../../src/operator/runtime/controller.ts';
import { runController } from '../../../../src/operator/runtime/controllerLoop.ts';
import { createProblems } from '../../../../src/operator/problems.ts';
import { createOperatorMetrics } from '../../../../src/telemetry/metrics.ts';
import { until } from '../../../support/until.ts';

function stage(controller: Partial<Controller>, over: { concurrency?: number; reconcileTimeoutMs?: number } = {}) {
  const registry = new Registry();
  const problems = createProblems();
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const stop = new AbortController();
  let enqueue: Enqueue = () => undefined;
  const whole: Controller = {
    name: 'thing',
    start: async (given) => void (enqueue = given),
    reconcile: async () => undefined,
    ...controller,
  };
  const options = { logger, metrics: createOperatorMetrics(registry), problems, startRetryMs: 10, ...over };
  const ended = runController(whole, options, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  const value = async (name: string, labels: object = {}): Promise<number | undefined> => {
    const { values } = (await registry.getSingleMetric(name)!.get()) as { values: { labels: object; value: number }[] };
    return values.find((it) => Object.entries(labels).every(([key, text]) => Reflect.get(it.labels, key) === text))
      ?.value;
  };
  return {
    add: (name: string, ms?: number) => enqueue({ namespace: 'n', name }, ms),
    stop,
    ended,
    problems,
    lines,
    value,
  };
}

test('never reconciles a key twice at once, nor more keys than there are workers', async () => {
  const running = new Set<string>();
  let most = 0;
  let done = 0;
  const { add } = stage(
    {
      reconcile: async ({ name }) => {
        expect(running.has(name)).toBe(false);
        running.add(name);
        most = Math.max(most, running.size);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running.delete(name);
        done += 1;
        return undefined;
      },
    },
    { concurrency: 3 },
  );
  await until(
    () => {
      for (const name of 'abcdefgh') add(name);
      return done > 50;
    },
    { what: 'many reconciles', intervalMs: 1 },
  );
  expect(most).toBe(3);
});

test('a failed reconcile is retried and counted; requeueAfterMs schedules the next one', async () => {
  let calls = 0;
  const { add, value, lines } = stage({
    reconcile: async () => {
      calls += 1;
      if (calls <= 2) throw new Error('not yet');
      return calls === 3 ? { requeueAfterMs: 1 } : undefined;
    },
  });
  await until(
    () => {
      if (calls === 0) add('a');
      return calls === 4;
    },
    { what: 'two failures, a success, and the look after it' },
  );
  const result = (of: string) => value('controller_runtime_reconcile_total', { controller: 'thing', result: of });
  await until(async () => (await result('success')) === 1, { what: 'the last to be counted' });
  expect([await result('error'), await result('requeue_after')]).toEqual([2, 1]);
  expect(await value('workqueue_retries_total', { name: 'thing' })).toBe(2);
  expect(await value('workqueue_adds_total', { name: 'thing' })).toBe(4);
  expect(lines.filter((line) => line.includes('not yet'))).toHaveLength(2);
});

test('a failed start is retried, and readiness reports it in the meantime', async () => {
  let starts = 0;
  const signals: AbortSignal[] = [];
  const { problems, lines } = stage({
    start: async (_enqueue, signal) => {
      starts += 1;
      signals.push(signal);
      if (starts < 3) throw new Error('nothing to read');
    },
  });
  await until(() => starts >= 1 && problems.list().length === 1, { what: 'the problem' });
  expect(problems.list()).toEqual(['controller thing could not start: nothing to read']);
  await until(() => lines.some((line) => line.includes('resource_controller_started')), { what: 'the start' });
  expect(problems.list()).toEqual([]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
});

test('the end of a term aborts reconciles in progress, waits for them, and starts no new ones', async () => {
  const events: string[] = [];
  const { add, stop, ended, value } = stage(
    {
      reconcile: async ({ name }, signal) => {
        events.push(`${name} begins`);
        await whenAborted(signal);
        await new Promise((resolve) => setTimeout(resolve, 20));
        events.push(`${name} ends`);
        throw new Error('cut off');
      },
    },
    { concurrency: 1 },
  );
  await until(
    () => {
      add('a');
      add('b');
      return events.length === 1;
    },
    { what: 'the first reconcile' },
  );
  await until(async () => (await value('controller_runtime_active_workers')) === 1, { what: 'a busy worker' });
  stop.abort();
  await ended;
  expect(events).toEqual(['a begins', 'a ends']);
  expect(await value('controller_runtime_active_workers')).toBe(0);
  expect(await value('workqueue_depth')).toBe(0);
});

test('a reconcile that exceeds its timeout is aborted and retried', async () => {
  let calls = 0;
  const { add } = stage(
    {
      reconcile: async (_key, signal) => {
        calls += 1;
        if (calls > 1) return undefined;
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    },
    { reconcileTimeoutMs: 20 },
  );
  await until(
    () => {
      if (calls === 0) add('a');
      return calls === 2;
    },
    { what: 'the second try' },
  );
});
