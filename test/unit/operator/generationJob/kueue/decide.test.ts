// What Kueue's Workload and the GenerationJob together mean for the job, case by case.
import { expect, test } from 'vitest';
import { concernsKueue, decideQueue, decideUnread } from '../../../../../src/operator/generationJob/kueue/decide.ts';
import { reportOf } from '../../../../../src/operator/generationJob/kueue/report.ts';
import {
  suspendedAnnotation,
  type Workload,
  workloadKey,
  workloadOf,
} from '../../../../../src/operator/generationJob/kueue/workload.ts';
import type { GenerationJob } from '../../../../../src/operator/resources/generationJob.ts';

const now = Date.UTC(2026, 10, 29);
const label = 'kueue.x-k8s.io/queue-name';
const priority = 'kueue.x-k8s.io/priority-class';

const aCondition = (type: string, status: string, reason: string, message = 'Why') => ({
  type,
  status: status as 'True',
  reason,
  message,
  lastTransitionTime: '2026-11-28T00:00:00Z',
});

interface JobParts {
  readonly labels?: Record<string, string>;
  readonly suspend?: boolean;
  /** Status and reason of Suspended, such as `True QueuedByKueue`. */
  readonly suspended?: string;
  readonly jobId?: string;
  readonly finished?: 'Complete' | 'Failed';
  readonly deleted?: boolean;
}

function aJob({ labels = { [label]: 'team-a' }, suspend, suspended, jobId, finished, deleted }: JobParts = {}) {
  const [status = '', reason = ''] = suspended?.split(' ') ?? [];
  const conditions = [
    ...(suspended === undefined ? [] : [aCondition('Suspended', status, reason)]),
    ...(finished === undefined ? [] : [aCondition('Finished', 'True', 'End'), aCondition(finished, 'True', 'End')]),
  ];
  return {
    metadata: {
      name: 'yard',
      namespace: 'shop',
      uid: 'uid-1',
      labels,
      ...(deleted === true && { deletionTimestamp: '2026-11-28T00:00:00Z' }),
    },
    spec: { suspend: suspend ?? false },
    status: { conditions, ...(jobId !== undefined && { jobId }), message: 'The end' },
  } as unknown as GenerationJob;
}

interface WorkloadParts {
  readonly spec?: object;
  readonly conditions?: readonly string[];
  readonly status?: object;
  readonly annotations?: Record<string, string>;
}

/** A condition is written as `Evicted=True Preempted`. */
function aWorkload({ spec, conditions = [], status, annotations }: WorkloadParts = {}): Workload {
  const all = conditions.map((text) => {
    const [, type, holds, reason] = /^(\w+)=(\w+) (\w+)$/.exec(text)!;
    return aCondition(type!, holds!, reason!, `${reason} message`);
  });
  return {
    metadata: { name: 'w', namespace: 'shop', uid: 'w-1', generation: 3, annotations },
    spec: { queueName: 'team-a', active: true, podSets: [{ name: 'main', count: 5 }], ...spec },
    status: { conditions: all, ...status },
  } as unknown as Workload;
}

const reserved = 'QuotaReserved=True QuotaReserved';
const admitted = ['Admitted=True Admitted', reserved];
const evicted = [...admitted, 'Evicted=True Preempted'];
const requeued = ['QuotaReserved=False Pending', 'Admitted=False NoReservation', 'Evicted=True Preempted'];
const queued = { reason: 'QueuedByKueue', message: 'Waiting in LocalQueue team-a' };
const running = { jobId: 'j', suspended: 'False AdmittedByKueue' };

test.each<[string, JobParts, WorkloadParts | undefined, object]>([
  ['no label', { labels: {} }, undefined, { workload: 'keep' }],
  ['a new job', {}, undefined, { workload: 'create', hold: queued }],
  ['a suspended job', { suspend: true }, undefined, { workload: 'keep' }],
  ['a deleted job', { deleted: true }, undefined, { workload: 'keep' }],
  ['the label added while it runs', { jobId: 'j' }, undefined, { workload: 'keep' }],
  [
    'added while suspended',
    { jobId: 'j', suspended: 'True JobSuspended' },
    undefined,
    { workload: 'create', hold: queued },
  ],
  ['its Workload deleted', running, undefined, { workload: 'create', hold: queued }],
  ['finished', { finished: 'Complete' }, { conditions: admitted }, { workload: 'keep' }],
  ['not seen by Kueue yet', {}, {}, { workload: 'keep', hold: queued }],
  [
    'no quota',
    {},
    { conditions: ['QuotaReserved=False Pending'] },
    { workload: 'keep', hold: { reason: 'QueuedByKueue', message: 'Pending message' } },
  ],
  [
    'no such queue',
    {},
    { conditions: ['QuotaReserved=False Inadmissible'] },
    { workload: 'keep', hold: { reason: 'InadmissibleByKueue', message: 'Inadmissible message' } },
  ],
  [
    'quota, but admission checks',
    {},
    { conditions: [reserved] },
    { workload: 'keep', hold: { reason: 'QueuedByKueue', message: 'QuotaReserved message; not admitted yet' } },
  ],
  [
    'deactivated by a person',
    {},
    { spec: { active: false } },
    { workload: 'keep', hold: { reason: 'InadmissibleByKueue', message: 'The Workload is deactivated' } },
  ],
  [
    'admitted',
    running,
    { conditions: admitted, status: { admission: { clusterQueue: 'all' } } },
    { workload: 'keep', admitted: { reason: 'AdmittedByKueue', message: 'Admitted by ClusterQueue all' } },
  ],
  [
    'preempted',
    running,
    { conditions: evicted },
    { workload: 'keep', hold: { reason: 'EvictedByKueue', message: 'Preempted: Preempted message' } },
  ],
  [
    'preempted and requeued',
    running,
    { conditions: requeued },
    { workload: 'keep', hold: { reason: 'EvictedByKueue', message: 'Preempted: Pending message' } },
  ],
  ['another queue while it waits', { labels: { [label]: 'team-b' } }, {}, { workload: 'change', hold: queued }],
  [
    'another queue while it runs',
    { ...running, labels: { [label]: 'team-b' } },
    { conditions: admitted },
    { workload: 'keep', admitted: {} },
  ],
  ['the label removed while it waits', { labels: {}, suspended: 'True QueuedByKueue' }, {}, { workload: 'delete' }],
  ['removed while it runs', { ...running, labels: {} }, { conditions: admitted }, { workload: 'keep', admitted: {} }],
  ['removed after the eviction', { ...running, labels: {} }, { conditions: requeued }, { workload: 'delete' }],
  [
    'a priority class while it waits',
    { labels: { [label]: 'team-a', [priority]: 'high' } },
    {},
    { workload: 'change' },
  ],
  [
    'a first priority class while it runs',
    { ...running, labels: { [label]: 'team-a', [priority]: 'high' } },
    { conditions: admitted },
    { workload: 'keep' },
  ],
  [
    'another priority class while it runs',
    { ...running, labels: { [label]: 'team-a', [priority]: 'high' } },
    { conditions: admitted, spec: { priorityClassRef: { name: 'low' } } },
    { workload: 'change', admitted: {} },
  ],
  ['suspended while it waits', { suspend: true }, {}, { workload: 'change' }],
  [
    'suspended while it runs',
    { ...running, suspend: true },
    { conditions: admitted },
    { workload: 'change', admitted: {} },
  ],
  ['resumed', {}, { spec: { active: false }, annotations: { [suspendedAnnotation]: 'true' } }, { workload: 'change' }],
  ['deleted while it waits', { deleted: true }, {}, { workload: 'delete' }],
  ['retried after its end', running, { conditions: ['Finished=True Succeeded'] }, { workload: 'delete', hold: queued }],
])('%s', (_, job, workload, decision) => {
  const decided = decideQueue(aJob(job), workload === undefined ? undefined : aWorkload(workload));
  expect(decided).toMatchObject(decision);
  if ('admitted' in decision) expect(decided).not.toHaveProperty('hold');
});

test('the last refusal of a new Workload is the reason why it waits', () => {
  const problem = { reason: 'PriorityClassNotFound', message: 'WorkloadPriorityClass high does not exist' };
  expect(decideQueue(aJob(), undefined, problem)).toEqual({ workload: 'create', hold: problem });
});

test('while Workloads cannot be read, a running job continues and a new one waits', () => {
  const problem = { reason: 'KueueForbidden', message: 'No right' };
  expect(decideUnread(aJob(running), problem)).toEqual({ workload: 'keep' });
  for (const job of [{}, { jobId: 'j', suspended: 'True EvictedByKueue' }])
    expect(decideUnread(aJob(job), problem)).toEqual({ workload: 'keep', hold: problem });
  for (const job of [{ finished: 'Failed' as const }, { suspend: true }, { deleted: true }, { labels: {} }])
    expect(decideUnread(aJob(job), problem)).toEqual({ workload: 'keep' });
});

test('only jobs with the label, or that had one, concern Kueue', () => {
  expect(concernsKueue(aJob())).toBe(true);
  expect(concernsKueue(aJob({ labels: {} }))).toBe(false);
  expect(concernsKueue(aJob({ labels: {}, suspended: 'True EvictedByKueue' }))).toBe(true);
  expect(concernsKueue(aJob({ labels: {}, suspended: 'True JobSuspended' }))).toBe(false);
});

test('an evicted Workload keeps its quota until the job has stopped, and then gives it back', () => {
  const workload = aWorkload({ conditions: evicted });
  expect(reportOf(aJob(running), workload, { active: true, ended: 1 }, now)).toBeUndefined();
  expect(reportOf(aJob(running), workload, undefined, now)).toBeUndefined();
  const report = reportOf(aJob(running), workload, { active: false, ended: 1 }, now)!;
  expect(report.admission).toBeNull();
  const shown = report.conditions!.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  expect(shown.toSorted()).toEqual([
    'Admitted=False NoReservation',
    'Evicted=True Preempted',
    'QuotaReserved=False Pending',
    'Requeued=True Preempted',
  ]);
  expect(report.conditions!.find(({ type }) => type === 'Evicted')?.lastTransitionTime).toBe('2026-11-28T00:00:00Z');
});

test('after other evictions than a preemption, Kueue decides when the Workload queues again', () => {
  const workload = aWorkload({ conditions: [...admitted, 'Evicted=True ClusterQueueStopped'] });
  const report = reportOf(aJob(running), workload, { active: false, ended: 0 }, now)!;
  expect(report.conditions).toContainEqual(
    expect.objectContaining({ type: 'Requeued', status: 'False', reason: 'ClusterQueueStopped' }),
  );
});

test('a finished job finishes its Workload, once, in whatever state that is', () => {
  for (const conditions of [[], admitted, evicted]) {
    const report = reportOf(aJob({ finished: 'Complete' }), aWorkload({ conditions }), undefined, now)!;
    expect(report.conditions).toContainEqual(
      expect.objectContaining({ type: 'Finished', status: 'True', reason: 'Succeeded', message: 'The end' }),
    );
  }
  const failed = reportOf(aJob({ finished: 'Failed' }), aWorkload(), undefined, now)!;
  expect(failed.conditions).toMatchObject([{ type: 'Finished', reason: 'Failed' }]);
  const done = aWorkload({ conditions: ['Finished=True Succeeded'] });
  expect(reportOf(aJob({ finished: 'Complete' }), done, undefined, now)).toBeUndefined();
});

test('tasks that have ended give their quota back, and a retried one takes none', () => {
  const with2 = aWorkload({ conditions: admitted, status: { reclaimablePods: [{ name: 'main', count: 2 }] } });
  const of = (workload: Workload, ended: number) => reportOf(aJob(running), workload, { active: true, ended }, now);
  expect(of(aWorkload({ conditions: admitted }), 0)).toBeUndefined();
  expect(of(aWorkload({ conditions: admitted }), 2)).toEqual({ reclaimablePods: [{ name: 'main', count: 2 }] });
  expect(of(with2, 2)).toBeUndefined();
  expect(of(with2, 1)).toBeUndefined();
  expect(of(with2, 9)).toEqual({ reclaimablePods: [{ name: 'main', count: 5 }] });
  expect(of(aWorkload({ conditions: requeued }), 3)).toBeUndefined();
});

test('the Workload asks for one genwarden.dev/tasks for each task, and is owned by the job', () => {
  const tasks = [{ name: 'a' }, { name: 'b' }] as never;
  const made = workloadOf(aJob(), { tasks, suspend: false }, 'team-a', { name: 'high', value: 100 });
  expect(made.metadata).toMatchObject({
    ...workloadKey(aJob()),
    labels: { 'kueue.x-k8s.io/job-uid': 'uid-1' },
    ownerReferences: [{ kind: 'GenerationJob', name: 'yard', uid: 'uid-1', controller: true }],
  });
  expect(made.metadata.name).toMatch(/^generationjob-yard-[0-9a-f]{8}$/);
  expect(made['spec']).toEqual({
    queueName: 'team-a',
    priority: 100,
    priorityClassRef: { group: 'kueue.x-k8s.io', kind: 'WorkloadPriorityClass', name: 'high' },
    podSets: [
      { name: 'main', count: 2, template: { spec: { containers: [], overhead: { 'genwarden.dev/tasks': '1' } } } },
    ],
  });
  const suspended = workloadOf(aJob(), { tasks: undefined, suspend: true }, 'team-a', undefined);
  expect(suspended['spec']).toMatchObject({ active: false, podSets: [{ count: 1 }] });
  expect(suspended.metadata.annotations).toEqual({ [suspendedAnnotation]: 'true' });
});
