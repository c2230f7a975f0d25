// How the controller changes the number of workers: from zero and back, idle workers first, kubectl scale at once.
import { expect, test } from 'vitest';
import { cancelled, claimed, succeeded } from '../../../../src/job/transitions.ts';
import type { Queued, Running } from '../../../../src/job/task.ts';
import { aJob } from '../../../fakes/tasks.ts';
import { anOperator, aWorld, childrenIn, conditions, putPool, runPods, start, statusOf, type World } from './stage.ts';

const autoscaling = { minReplicas: 0, maxReplicas: 5, targetQueueTime: '30s' };

/** Queues tasks of the pool. */
function submit({ log, clock }: World, tasks: number): Queued[] {
  return Array.from({ length: tasks }, () => {
    const [spec] = aJob(1, { submittedAt: clock.now() });
    log.append(spec!.state);
    return spec!.state;
  });
}

const states = (world: World, pool: string) => conditions(world, pool);

/** The worker in that pod starts a task and lists it in its heartbeat. */
function begin({ log, clock, heartbeats }: World, pod: string, task: Queued): Running {
  const state = claimed(task, `worker-${pod}`, 1, clock.now());
  log.append(state, { message: '' });
  heartbeats.hear(`worker-${pod}`, [{ job: task.of.job, task: task.of.task, claim: 1, progress: 0 }], { host: pod });
  return state;
}

const idle = ({ heartbeats }: World, pod: string): void => heartbeats.hear(`worker-${pod}`, [], { host: pod });

test('scales from zero at the first task, up with the queue, and back to zero a minute after the last task', async () => {
  const world = aWorld();
  putPool(world, { autoscaling });
  const operator = await anOperator(world);
  expect(childrenIn(world).deployment.spec.replicas).toBe(0);
  expect(states(world, 'default')).toMatchObject({ Ready: 'True ScaledToZero', Scaling: 'True ScaledToZero' });
  const [first] = submit(world, 1);
  // Changes of a pool with workers wait 200 ms for more.
  await operator.settle();
  await operator.after(20);
  expect(childrenIn(world).deployment.spec.replicas).toBe(1);
  expect(statusOf(world)).toMatchObject({ desiredReplicas: 1, queued: 1, oldestQueuedTime: expect.any(String) });
  const rest = submit(world, 40);
  await operator.after(500);
  // The initial mean is 15 s an attempt: 41·15/45 slots, four a worker.
  expect(childrenIn(world).deployment.spec.replicas).toBe(4);
  const pods = runPods(world);
  for (const task of [first!, ...rest]) world.log.append(cancelled(task, world.clock.now()), { message: '' });
  for (const beat of Array.from({ length: 36 }, (_, at) => at)) {
    if (beat === 29) expect(childrenIn(world).deployment.spec.replicas).toBe(4);
    pods.forEach((pod) => idle(world, pod));
    await operator.after(2_000);
  }
  expect(childrenIn(world).deployment.spec.replicas).toBe(0);
  expect(operator.events.map(({ reason }) => reason)).toEqual(['Created', 'ScaledUp', 'ScaledUp', 'ScaledDown']);
  expect(operator.errors).toEqual([]);
});

test('a busy worker is removed only once it is idle', async () => {
  const world = aWorld();
  putPool(world, { autoscaling, concurrency: 1 });
  const operator = await anOperator(world);
  const tasks = submit(world, 3);
  await operator.after(500);
  const pods = runPods(world);
  expect(pods).toHaveLength(1);
  putPool(world, { autoscaling: { ...autoscaling, minReplicas: 3 }, concurrency: 1 });
  await operator.after(500);
  const three = runPods(world);
  for (const task of tasks.slice(1)) world.log.append(cancelled(task, world.clock.now()), { message: '' });
  const busy = three[2]!;
  const running = begin(world, busy, tasks[0]!);
  putPool(world, { autoscaling, concurrency: 1 });
  const beats = async (times: number): Promise<void> => {
    for (let beat = 0; beat < times; beat += 1) {
      three.slice(0, 2).forEach((pod) => idle(world, pod));
      await operator.after(2_000);
      runPods(world);
    }
  };
  // One task runs, so one worker is desired, and the busy one stays.
  await beats(35);
  expect(runPods(world)).toEqual([busy]);
  world.clock.skip(15_000);
  world.log.append(succeeded(running, world.clock.now()), { message: '' });
  world.heartbeats.hear(`worker-${busy}`, [], { host: busy });
  await operator.after(62_000);
  // Its heartbeat is old: a ready pod without heartbeats may be busy.
  expect(conditions(world)['Scaling']).toBe('True BusyPodsKept');
  idle(world, busy);
  await operator.after(3_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(0);
});

test('kubectl scale takes effect at once: idle workers are removed first, then the least busy ones, which drain', async () => {
  const world = aWorld();
  putPool(world, { replicas: 3 });
  const operator = await anOperator(world);
  const pods = runPods(world);
  const tasks = submit(world, 3);
  begin(world, pods[0]!, tasks[0]!);
  begin(world, pods[1]!, tasks[1]!);
  idle(world, pods[2]!);
  await operator.settle();
  putPool(world, { replicas: 2 });
  await operator.after(2_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(2);
  expect(runPods(world)).toEqual([pods[0], pods[1]]);
  putPool(world, { replicas: 0 });
  await operator.after(2_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(0);
  expect(conditions(world)).toMatchObject({ Ready: 'False NoReplicas', Scaling: 'True Fixed' });
  expect(world.clock.now()).toBeGreaterThan(start);
});

test('a paused pool starts no worker', async () => {
  const world = aWorld();
  await world.queue.ensurePool('default');
  putPool(world, { autoscaling, paused: true });
  const operator = await anOperator(world);
  submit(world, 100);
  await operator.after(3_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(0);
  expect(conditions(world)['Scaling']).toBe('False Paused');
  putPool(world, { autoscaling });
  await operator.after(3_000);
  expect(childrenIn(world).deployment.spec.replicas).toBe(5);
  expect(conditions(world)['Scaling']).toBe('False LimitedByMaximum');
});
