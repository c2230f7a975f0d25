// Without NATS no operator leads; the status of a pool must not stay Ready then.
import { expect, test } from 'vitest';
import { workerPoolType } from '../../../../src/operator/resources/kinds.ts';
import type { WorkerPool } from '../../../../src/operator/resources/workerPool.ts';
import { NatsAwayReporter } from '../../../../src/operator/workerPool/natsAway.ts';
import { virtualClock } from '../../../fakes/clock.ts';
import { FakeCluster } from '../../../fakes/cluster.ts';

test('a pool is not Ready ten seconds after NATS went away, which is written once in an outage', async () => {
  const cluster = new FakeCluster();
  const key = { namespace: 'genwarden', name: 'default' };
  const ready = { type: 'Ready', status: 'True', reason: 'Available', message: 'x', lastTransitionTime: 'then' };
  cluster.put(workerPoolType, { metadata: key, spec: {}, status: { replicas: 2, conditions: [ready] } });
  const index = { lag: 9_000 };
  const follower = { lag: () => index.lag, ready: () => ({ ready: false, reason: 'is not connected to NATS' }) };
  const context = { cluster, clock: virtualClock(0), namespace: 'genwarden', follower };
  const reporter = new NatsAwayReporter(context as never);
  const writes = (): number => cluster.calls.filter(({ verb }) => verb === 'applyStatus').length;
  await reporter.report();
  expect(writes()).toBe(0);
  index.lag = 10_000;
  for (let again = 0; again < 3; again += 1) await reporter.report();
  expect(writes()).toBe(1);
  const { status } = cluster.peek<WorkerPool>(workerPoolType, key)!;
  expect(status).toMatchObject({
    replicas: 2,
    conditions: [{ type: 'Ready', status: 'False', reason: 'NatsUnavailable' }],
  });
  expect(status!.conditions![0]!.message).toContain('is not connected to NATS');
  index.lag = 0;
  await reporter.report();
  index.lag = 20_000;
  await reporter.report();
  expect(writes()).toBe(2);
});
