// GenerationJobs with the label of a queue: submitted when Kueue admits them, stopped when it evicts them, resumed afterwards.
// The test plays Kueue's part.
import { expect, test } from 'vitest';
import { KubeError } from '../../../../../src/ports/kubernetes.ts';
import {
  priorityClassType,
  type Workload,
  workloadKey,
  workloadType,
} from '../../../../../src/operator/generationJob/kueue/workload.ts';
import type { GenerationJob } from '../../../../../src/operator/resources/generationJob.ts';
import { generationJobType } from '../../../../../src/operator/resources/kinds.ts';
import type { World } from '../../harness.ts';
import { anOperator, aWorld, conditions, create, hands, peek } from '../stage.ts';

const queue = { labels: { 'kueue.x-k8s.io/queue-name': 'team-a' } };

/** A change by a user. */
function edit(world: World, change: (object: GenerationJob) => object): void {
  const object = peek(world, 'yard')!;
  world.cluster.put(generationJobType, { ...object, ...change(object) });
}

const suspend = (world: World, value: boolean): void =>
  edit(world, ({ spec }) => ({ spec: { ...spec, suspend: value } }));
const relabel = (world: World, labels: Record<string, string>): void =>
  edit(world, ({ metadata }) => ({ metadata: { ...metadata, labels } }));

const workloadOf = (world: World, resource: GenerationJob): Workload | undefined =>
  world.cluster.peek<Workload>(workloadType, workloadKey(resource));

/** A condition is written as `Admitted=True Admitted`. */
function decideAsKueue(world: World, resource: GenerationJob, ...texts: string[]): void {
  const before = workloadOf(world, resource)!;
  const changed = texts.map((text) => {
    const [, type, status, reason] = /^(\w+)=(\w+) (\w+)$/.exec(text)!;
    return { type: type!, status, reason, message: `${reason} message`, lastTransitionTime: '2026-11-22T00:00:00Z' };
  });
  const kept = (before.status?.conditions ?? []).filter(({ type }) => !changed.some((each) => each.type === type));
  world.cluster.setStatus(workloadType, workloadKey(resource), {
    ...before.status,
    admission: { clusterQueue: 'all' },
    conditions: [...kept, ...changed],
  });
}

const admit = (world: World, resource: GenerationJob): void =>
  decideAsKueue(
    world,
    resource,
    'QuotaReserved=True QuotaReserved',
    'Admitted=True Admitted',
    'Evicted=False QuotaReserved',
  );
const preempt = (world: World, resource: GenerationJob): void =>
  decideAsKueue(world, resource, 'Evicted=True Preempted', 'Preempted=True InClusterQueue');

const kueueSays = ({ status }: Workload): string[] =>
  (status?.conditions ?? []).map(({ type, status: holds, reason }) => `${type}=${holds} ${reason}`).toSorted();

async function queuedJob(spec: object = {}) {
  const world = await aWorld();
  const operator = await anOperator(world);
  const resource = create(world, 'yard', spec, queue);
  await operator.settle();
  return { world, operator, resource };
}

test('a job with the label waits for its Workload, runs when that is admitted, and finishes it', async () => {
  const { world, operator, resource } = await queuedJob();
  expect(world.log.stream.lastSequence).toBe(0);
  expect(peek(world, 'yard')?.status).toMatchObject({
    state: 'suspended',
    reason: 'QueuedByKueue',
    message: 'Waiting in LocalQueue team-a',
  });
  decideAsKueue(world, resource, 'QuotaReserved=False Pending');
  await operator.after(10_000);
  expect(peek(world, 'yard')?.status?.message).toBe('Pending message');
  admit(world, resource);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Suspended: 'False AdmittedByKueue',
    Accepted: 'True Submitted',
  });
  const { claim, succeed } = hands(world, resource);
  await claim();
  await succeed();
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Complete: 'True Succeeded',
    Suspended: 'False AdmittedByKueue',
  });
  expect(kueueSays(workloadOf(world, resource)!)).toContain('Finished=True Succeeded');
  expect(operator.events.map(({ reason }) => reason)).toEqual([
    'Suspended',
    'Resumed',
    'Submitted',
    'Running',
    'Succeeded',
  ]);
  expect(operator.errors).toEqual([]);
});

test('a preempted job stops, gives its quota back, and runs only what is left when it is admitted again', async () => {
  const { world, operator, resource } = await queuedJob({ tasks: [{ name: 'a' }, { name: 'b' }] });
  admit(world, resource);
  await operator.settle();
  const { claim, succeed, read } = hands(world, resource);
  await claim(0);
  await claim(1);
  await succeed(0);
  await operator.after(10_000);
  expect(workloadOf(world, resource)?.status?.reclaimablePods).toEqual([{ name: 'main', count: 1 }]);
  preempt(world, resource);
  await operator.settle();
  const states = async () => (await read())!.tasks.map(({ last: { state } }) => `${state.state} ${state.run}`);
  expect(await states()).toEqual(['succeeded 1', 'cancelled 1']);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'suspended', reason: 'EvictedByKueue' });
  expect(workloadOf(world, resource)?.status).not.toHaveProperty('admission');
  expect(kueueSays(workloadOf(world, resource)!)).toEqual(
    expect.arrayContaining(['QuotaReserved=False Pending', 'Admitted=False NoReservation', 'Requeued=True Preempted']),
  );
  admit(world, resource);
  await operator.settle();
  expect(await states()).toEqual(['succeeded 1', 'queued 2']);
  await claim(1);
  await succeed(1);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Complete: 'True Succeeded' });
});

test('a restart of the operator between any two steps changes nothing', async () => {
  const { world, operator, resource } = await queuedJob();
  const steps: (() => void | Promise<void>)[] = [
    () => admit(world, resource),
    () => hands(world, resource).claim(),
    () => preempt(world, resource),
    () => admit(world, resource),
    () => hands(world, resource).claim(),
    () => hands(world, resource).succeed(),
  ];
  await operator.stop();
  const shown: (string | undefined)[] = [];
  for (const step of steps) {
    await step();
    const next = await anOperator(world);
    await next.settle();
    shown.push(peek(world, 'yard')?.status?.state);
    await next.stop();
  }
  expect(shown).toEqual(['queued', 'running', 'suspended', 'queued', 'running', 'succeeded']);
  expect(kueueSays(workloadOf(world, resource)!)).toContain('Finished=True Succeeded');
  const runs = (await hands(world, resource).read())!.tasks.map(({ last }) => last.state.run);
  expect(runs).toEqual([2]);
});

test('spec.suspend deactivates the Workload, and gives the quota back once Kueue has evicted it', async () => {
  const { world, operator, resource } = await queuedJob();
  admit(world, resource);
  await operator.settle();
  suspend(world, true);
  await operator.settle();
  expect(workloadOf(world, resource)?.spec?.active).toBe(false);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True JobSuspended' });
  decideAsKueue(world, resource, 'Evicted=True Deactivated');
  await operator.settle();
  expect(workloadOf(world, resource)?.status).not.toHaveProperty('admission');
  suspend(world, false);
  await operator.settle();
  expect(workloadOf(world, resource)?.spec).not.toHaveProperty('active');
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True EvictedByKueue' });
  admit(world, resource);
  await operator.settle();
  expect(peek(world, 'yard')?.status?.state).toBe('queued');
});

test('a suspended job has no Workload before it is resumed', async () => {
  const { world, operator, resource } = await queuedJob({ suspend: true });
  expect(workloadOf(world, resource)).toBeUndefined();
  suspend(world, false);
  await operator.settle();
  expect(workloadOf(world, resource)).toBeDefined();
});

test('a Workload that somebody deletes stops the job, which queues again', async () => {
  const { world, operator, resource } = await queuedJob();
  admit(world, resource);
  await operator.settle();
  world.cluster.remove(workloadType, workloadKey(resource));
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'suspended', reason: 'QueuedByKueue' });
  expect(workloadOf(world, resource)).toBeDefined();
});

test('without Kueue, or the right to use it, the job waits and says so, and runs once it is there', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  world.cluster.install(workloadType, false);
  const resource = create(world, 'yard', {}, queue);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True KueueNotInstalled' });
  expect(operator.events).toMatchObject([{ type: 'Warning', reason: 'Suspended' }]);
  world.cluster.install(workloadType, true);
  const isOfKueue = ({ plural }: { plural: string }): boolean => plural === 'workloads';
  world.cluster.fail(new KubeError(403, 'Forbidden', 'no'), { matches: isOfKueue, times: Infinity });
  await operator.after(30_000);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True KueueForbidden' });
  world.cluster.back();
  await operator.after(30_000);
  expect(workloadOf(world, resource)).toBeDefined();
  admit(world, resource);
  await operator.after(10_000);
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued' });
});

test('the priority class of the label is that of the Workload; a missing one is reported', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  const labels = { ...queue.labels, 'kueue.x-k8s.io/priority-class': 'urgent' };
  const resource = create(world, 'yard', {}, { labels });
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Suspended: 'True PriorityClassNotFound' });
  world.cluster.put(priorityClassType, { metadata: { namespace: '', name: 'urgent' }, value: 1_000 });
  await operator.after(30_000);
  expect(workloadOf(world, resource)?.spec).toMatchObject({ priority: 1_000, priorityClassRef: { name: 'urgent' } });
});

test('the label may change while the job waits; without it, the job runs outside of Kueue', async () => {
  const { world, operator, resource } = await queuedJob();
  relabel(world, { 'kueue.x-k8s.io/queue-name': 'team-b' });
  await operator.settle();
  expect(workloadOf(world, resource)?.spec?.queueName).toBe('team-b');
  relabel(world, {});
  await operator.settle();
  expect(workloadOf(world, resource)).toBeUndefined();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued' });
});

test('a job that runs when it gets the label continues; a job without it asks nothing of Kueue', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  const resource = create(world, 'yard');
  await operator.settle();
  relabel(world, queue.labels);
  await operator.settle();
  expect(workloadOf(world, resource)).toBeUndefined();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued' });
  create(world, 'other');
  await operator.settle();
  expect(peek(world, 'other')?.status).toMatchObject({ state: 'queued' });
});

test('a job that its TTL deleted and that is applied again creates no Workload', async () => {
  const { world, operator, resource } = await queuedJob({ ttlSecondsAfterFinished: 5 });
  admit(world, resource);
  await operator.settle();
  await hands(world, resource).claim();
  await hands(world, resource).succeed();
  await operator.settle();
  await operator.after(6_000);
  expect(peek(world, 'yard')).toBeUndefined();
  expect(world.cluster.all(workloadType)).toEqual([]);
  create(world, 'yard', { ttlSecondsAfterFinished: 5 }, queue);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'True AlreadyRun' });
  expect(world.cluster.all(workloadType)).toEqual([]);
});

test('a spec that the submit would refuse is refused without a Workload', async () => {
  const { world, resource } = await queuedJob({ policy: { deadline: 'soon' } });
  expect(workloadOf(world, resource)).toBeUndefined();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Failed: 'True InvalidRequest' });
});

test('of two installations in a namespace, one creates the Workload', async () => {
  const world = await aWorld();
  const first = await anOperator(world);
  const second = await anOperator(world, { installation: 'other/genwarden' });
  create(world, 'yard', {}, queue);
  await first.settle();
  await second.settle();
  const applies = world.cluster.calls.filter(({ verb, plural }) => verb === 'apply' && plural === 'workloads');
  expect(applies.length).toBeGreaterThan(0);
  expect(second.events).toMatchObject([{ reason: 'OtherInstallation' }]);
});
