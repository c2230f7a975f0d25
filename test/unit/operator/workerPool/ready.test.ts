// The condition Ready, and when a status is due to be written.
import { expect, test } from 'vitest';
import type { WorkerPoolStatus } from '../../../../src/operator/resources/workerPool.ts';
import type { Deployment, Pod } from '../../../../src/operator/resources/builtInKinds.ts';
import { podProblem } from '../../../../src/operator/workerPool/observe/podProblem.ts';
import { readyCondition, type ReadyInput } from '../../../../src/operator/workerPool/decide/readyCondition.ts';
import { writeDueIn } from '../../../../src/operator/workerPool/decide/status.ts';

const metadata = {
  name: 'pod-1',
  namespace: 'n',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-11-22T00:00:00Z',
};
const pod = (status: Pod['status'], over: object = {}): Pod => {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, ...over },
    ...(status === undefined ? {} : { status }),
  };
};
const waiting = (reason: string, message?: string) => {
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  return { containerStatuses: [{ name: 'worker', state }] };
};
const deployment = (status: Deployment['status']): Deployment => {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, ...(status === undefined ? {} : { status }) };
};

const said = (over: Partial<ReadyInput>): string => {
  const base = { obstacle: undefined, desired: 2, autoscales: false, deployment: undefined, podProblem: undefined };
  const { status, reason, message } = readyCondition({ ...base, ...over });
  return `${status} ${reason}: ${message}`;
};

test('a container that cannot start is reported with the message of the kubelet and its last exit code', () => {
  expect(podProblem([pod({ phase: 'Running' }), pod(waiting('ContainerCreating'))])).toBeUndefined();
  expect(podProblem([pod(waiting('ImagePullBackOff', 'no such image'))])).toEqual({
    reason: 'ImagePullBackOff',
    message: 'Pod pod-1: ImagePullBackOff: no such image',
  });
  const crashed = waiting('CrashLoopBackOff', 'back-off 10s').containerStatuses[0]!;
  const ended = { ...crashed, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
  expect(podProblem([pod({ containerStatuses: [ended] })])?.message).toContain('code 137 (OOMKilled)');
});

test('terminating pods are ignored, and unscheduled pods come second', () => {
  const nowhere = pod({
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
  });
  expect(podProblem([pod(waiting('ErrImagePull'), { deletionTimestamp: 'now' })])).toBeUndefined();
  expect(podProblem([nowhere])).toMatchObject({
    reason: 'Unschedulable',
    message: expect.stringContaining('0/1 nodes'),
  });
  expect(podProblem([nowhere, pod(waiting('ErrImagePull'))])?.reason).toBe('ErrImagePull');
});

test('Ready reports the first problem', () => {
  const problem = { reason: 'ImagePullBackOff', message: 'Pod pod-1: ImagePullBackOff' };
  const nowhere = { reason: 'Unschedulable', message: 'Pod pod-1 cannot be scheduled' };
  const some = deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 1 });
  const all = deployment({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 });
  const refusal = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' };
  expect(said({ obstacle: { reason: 'SecretNotFound', message: 'x' }, podProblem: problem })).toBe(
    'False SecretNotFound: x',
  );
  expect(said({ desired: 0 })).toMatch(/^False NoReplicas/);
  expect(said({ desired: 0, autoscales: true })).toMatch(/^True ScaledToZero/);
  expect(said({})).toMatch(/^False Starting/);
  expect(said({ deployment: some, podProblem: problem })).toMatch(
    /^False RolloutStuck: 1 worker ready, 2 desired\. Pod pod-1/,
  );
  expect(said({ deployment: some, podProblem: nowhere })).toMatch(
    /^False RolloutStuck: 1 worker ready, 2 desired\. Pod/,
  );
  expect(said({ deployment: some, podProblem: nowhere, autoscales: true })).toBe(
    'True Available: 1 worker ready, 2 desired. Pod pod-1 cannot be scheduled',
  );
  // The workers of before still run, but those with the new settings find no node, or meet a quota.
  const rolling = deployment({ replicas: 3, updatedReplicas: 1, readyReplicas: 2, conditions: [refusal] });
  expect(said({ deployment: rolling, podProblem: nowhere, autoscales: true })).toMatch(/^False RolloutStuck/);
  expect(said({ deployment: rolling })).toMatch(/^False PodsRefused/);
  expect(said({ podProblem: nowhere })).toMatch(/^False RolloutStuck/);
  expect(said({ deployment: deployment({ conditions: [refusal] }) })).toMatch(/^False PodsRefused: .*exceeded quota/);
  expect(said({ deployment: all })).toBe('True Available: 2 workers ready, 2 desired');
});

test('a new state is written at once, numbers five seconds after the last write, and an unchanged status never', () => {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Available',
    message: 'a',
    lastTransitionTime: 't',
  } as const;
  const status: WorkerPoolStatus = { replicas: 1, queued: 3, conditions: [condition] };
  expect(writeDueIn(undefined, status, 0)).toBe(0);
  expect(writeDueIn(status, status, 0)).toBeUndefined();
  expect(writeDueIn(status, { ...status, queued: 4 }, 1_500)).toBe(3_500);
  expect(writeDueIn(status, { ...status, queued: 4 }, 9_000)).toBe(0);
  expect(writeDueIn(status, { ...status, conditions: [{ ...condition, message: 'b' }] }, 0)).toBe(5_000);
  expect(writeDueIn(status, { ...status, conditions: [{ ...condition, reason: 'Other' }] }, 0)).toBe(0);
  expect(writeDueIn(status, { ...status, replicas: 2 }, 0)).toBe(0);
});
