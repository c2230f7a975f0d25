// What the operator observes of a pool besides its children: attempt durations, busy pods, the pod template.
import { expect, test } from 'vitest';
import { claimed, failed, succeeded, submitted, waiting } from '../../../../src/job/transitions.ts';
import {
  drainTimeout,
  parseTemplate,
  terminationGrace,
  variableOf,
  workerTemplate,
} from '../../../../src/operator/workerPool/children/workerTemplate.ts';
import { AttemptDurations } from '../../../../src/readmodel/attemptDurations.ts';
import type { Pod } from '../../../../src/operator/resources/builtInKinds.ts';
import { workerPods } from '../../../../src/operator/workerPool/observe/index.ts';
import { workerPoolSpec } from '../../../../src/operator/resources/workerPool.ts';
import { beatOf } from '../../../fakes/heartbeats.ts';
import { identity, start } from '../../../fakes/tasks.ts';

test('the mean duration ignores lost and cancelled attempts', () => {
  const attemptDurations = new AttemptDurations();
  const running = claimed(submitted(identity()), 'w', 1, start);
  expect(attemptDurations.mean('default')).toBe(15_000);
  const end = (after: object, took: number): void =>
    attemptDurations.observe({
      before: { state: running },
      after: { state: { ...after, since: start + took } as never },
    });
  end(failed(running, 'WorkerLost', start), 90_000);
  expect(attemptDurations.mean('default')).toBe(15_000);
  end(succeeded(running, start), 5_000);
  expect(attemptDurations.mean('default')).toBe(10_000);
  end(waiting(running, 'ProviderUnavailable', start, start), 4_000);
  expect(attemptDurations.mean('default')).toBe(8_000);
  for (let attempt = 0; attempt < 100; attempt += 1) end(succeeded(running, start), 20_000);
  expect(attemptDurations.mean('default')).toBeCloseTo(20_000, -2);
  expect(attemptDurations.mean('other')).toBe(15_000);
});

const pod = (name: string, ready: boolean, over: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', uid: name, resourceVersion: '1', creationTimestamp: '', ...over },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

test('pods are joined with heartbeats and with the running tasks of the stream', () => {
  const task = { job: 'j', task: 0, claim: 1, progress: 0 };
  const pods = [
    pod('idle', true),
    pod('beating', true, { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-100' } }),
    pod('claimed', true),
    pod('unheard', true),
    pod('starting', false),
    pod('leaving', true, { deletionTimestamp: 'now' }),
  ];
  const beats = [
    beatOf('w-idle', 1, [], { host: 'idle' }),
    beatOf('w-beating', 1, [task, task], { host: 'beating' }),
    beatOf('w-claimed', 1, [], { host: 'claimed' }),
  ];
  expect(workerPods(pods, beats, new Map([['w-claimed', 1]]))).toEqual([
    { name: 'idle', ready: true, cost: 0, tasks: 0 },
    { name: 'beating', ready: true, cost: -100, tasks: 2 },
    { name: 'claimed', ready: true, cost: 0, tasks: 1 },
    { name: 'unheard', ready: true, cost: 0, tasks: undefined },
    { name: 'starting', ready: false, cost: 0, tasks: 0 },
  ]);
});

test('a template must have a container named worker', () => {
  expect(parseTemplate(undefined)).toMatchObject({
    problem: expect.stringContaining('GENWARDEN_WORKER_TEMPLATE_FILE'),
  });
  expect(parseTemplate({ spec: { containers: [{ name: 'main' }] } })).toMatchObject({
    problem: expect.stringContaining('container named worker'),
  });
});

test("the pool overlays the installation's template by name and by field, and the operator's fields take precedence", () => {
  const parsed = parseTemplate({
    metadata: { labels: { a: '1' } },
    spec: {
      priorityClassName: 'low',
      tolerations: [{ key: 'x' }],
      volumes: [{ name: 'tmp', emptyDir: {} }],
      containers: [
        {
          name: 'worker',
          image: 'i',
          env: [
            { name: 'A', value: '1' },
            { name: 'GENWARDEN_GEMINI_MAX_IN_FLIGHT', value: '7' },
          ],
        },
        { name: 'sidecar', image: 's' },
      ],
    },
  });
  if ('problem' in parsed) throw new Error(parsed.problem);
  const spec = workerPoolSpec.parse({
    models: { image: ['m'] },
    template: {
      env: [{ name: 'A', value: '2' }],
      labels: { team: 't', 'genwarden.dev/pool': 'nonsense' },
      priorityClassName: 'high',
      resources: { limits: { memory: '1Gi' } },
    },
  });
  expect(variableOf(parsed.template, 'GENWARDEN_GEMINI_MAX_IN_FLIGHT')).toBe('7');
  expect(workerTemplate(parsed.template, 'p', spec, { hash: 'h' })).toMatchObject({
    metadata: { labels: { a: '1', team: 't', 'genwarden.dev/pool': 'p' }, annotations: { hash: 'h' } },
    spec: {
      priorityClassName: 'high',
      tolerations: [{ key: 'x' }],
      volumes: [{ name: 'tmp' }, { name: 'genwarden-pool', configMap: { name: 'genwarden-worker-p' } }],
      containers: [
        {
          image: 'i',
          resources: { limits: { memory: '1Gi' } },
          env: expect.arrayContaining([
            { name: 'A', value: '2' },
            { name: 'GENWARDEN_POOL', value: 'p' },
          ]),
        },
        { name: 'sidecar', image: 's' },
      ],
    },
  });
});

test('tolerations of a pool leave how long its workers tolerate the loss of a node, unless they say so', () => {
  const ofLoss = (key: string, tolerationSeconds: number) => ({ key, effect: 'NoExecute', tolerationSeconds });
  const [notReady, unreachable] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
  const given = [{ key: 'cpu' }, ofLoss(notReady, 30), ofLoss(unreachable, 30)];
  const parsed = parseTemplate({ spec: { containers: [{ name: 'worker' }], tolerations: given } });
  if ('problem' in parsed) throw new Error(parsed.problem);
  const tolerationsOf = (...tolerations: object[]): unknown => {
    const spec = workerPoolSpec.parse({ models: { image: ['m'] }, template: { tolerations } });
    return (workerTemplate(parsed.template, 'p', spec, {}) as { spec: { tolerations: unknown } }).spec.tolerations;
  };
  expect(tolerationsOf({ key: 'gpu' })).toMatchObject([{ key: 'gpu' }, { key: notReady }, { key: unreachable }]);
  expect(tolerationsOf(ofLoss(notReady, 600))).toEqual([ofLoss(notReady, 600), ofLoss(unreachable, 30)]);
  expect(tolerationsOf({ operator: 'Exists' })).toEqual([{ operator: 'Exists' }]);
});

test('the drain timeout of a worker covers the attempt timeout of its pool', () => {
  expect(drainTimeout({})).toBe(135_000);
  expect(drainTimeout({ policy: { check: { prompt: 'Is it red?' } } })).toBe(195_000);
  expect(terminationGrace({ policy: { attemptTimeout: '10m' } })).toBe(630);
  expect(drainTimeout({ policy: { attemptTimeout: '1h' } })).toBe(3_600_000);
});
