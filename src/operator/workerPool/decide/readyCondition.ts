// Decides the condition Ready of a pool by an ordered list of rules.

import type { NewCondition } from '../../resources/conditions.ts';
import { conditionOf, type Deployment } from '../../resources/builtInKinds.ts';
import type { PodProblem } from '../observe/podProblem.ts';
import { count } from './desiredReplicas.ts';

export interface ReadyInput {
  /** A problem that prevents the operator from creating the workers, such as a missing Secret. */
  readonly obstacle: { readonly reason: string; readonly message: string } | undefined;
  readonly desired: number;
  readonly autoscales: boolean;
  readonly deployment: Deployment | undefined;
  readonly podProblem: PodProblem | undefined;
}

type Rule = (input: ReadyInput, ready: number) => Omit<NewCondition, 'type'> | undefined;

/** The first rule with a result decides. */
export function readyCondition(input: ReadyInput): NewCondition<'Ready'> {
  const ready = input.deployment?.status?.readyReplicas ?? 0;
  for (const rule of rules) {
    const conditions = rule(input, ready);
    if (conditions !== undefined) return { type: 'Ready', ...conditions };
  }
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Available',
    message: withProblem(readyCount(ready, input.desired), input.podProblem),
  };
}

const blocked: Rule = ({ obstacle }) => (obstacle === undefined ? undefined : { status: 'False', ...obstacle });

const none: Rule = ({ desired, autoscales }) => {
  if (desired > 0) return undefined;
  if (autoscales) return { status: 'True', reason: 'ScaledToZero', message: 'Workers start when a task is queued' };
  return { status: 'False', reason: 'NoReplicas', message: 'spec.replicas is 0: tasks stay queued' };
};

const stuck: Rule = ({ podProblem, deployment, desired, autoscales }, ready) => {
  if (podProblem === undefined) return undefined;
  // An autoscaled pool may want more workers than the nodes have room for, and stays Ready with those that run.
  const mayLack = autoscales && podProblem.reason === 'Unschedulable' && ready > 0;
  if (!isRolling(deployment) && (mayLack || (ready > 0 && ready >= desired))) return undefined;
  return { status: 'False', reason: 'RolloutStuck', message: withProblem(readyCount(ready, desired), podProblem) };
};

const isRolling = (deployment: Deployment | undefined): boolean =>
  (deployment?.status?.updatedReplicas ?? 0) < (deployment?.status?.replicas ?? 0);

const refused: Rule = ({ deployment, desired }, ready) => {
  const failure = deployment === undefined ? undefined : conditionOf(deployment, 'ReplicaFailure');
  if (failure?.status !== 'True' || (ready >= desired && !isRolling(deployment))) return undefined;
  const message = `${readyCount(ready, desired)}. ${failure.reason ?? ''}: ${failure.message ?? ''}`;
  return { status: 'False', reason: 'PodsRefused', message };
};

const starting: Rule = ({ desired }, ready) =>
  ready > 0 ? undefined : { status: 'False', reason: 'Starting', message: `0 of ${count(desired)} ready` };

const rules: readonly Rule[] = [blocked, none, stuck, refused, starting];

const withProblem = (text: string, problem: PodProblem | undefined): string =>
  problem === undefined ? text : `${text}. ${problem.message}`;

const readyCount = (ready: number, desired: number): string => `${count(ready)} ready, ${desired} desired`;
