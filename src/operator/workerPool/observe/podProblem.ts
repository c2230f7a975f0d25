// Finds the first pod that cannot run, and why.

import { conditionOf, type ContainerStatus, type Pod } from '../../resources/builtInKinds.ts';

export interface PodProblem {
  /** From the pod's status, such as `ImagePullBackOff` or `Unschedulable`. */
  readonly reason: string;
  readonly message: string;
}

const stuckReasons: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
]);

/** A pod whose container cannot start takes precedence over a pod that cannot be scheduled. */
export function podProblem(pods: readonly Pod[]): PodProblem | undefined {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.flatMap((pod) => stuckContainer(pod) ?? [])[0] ?? staying.flatMap((pod) => unscheduled(pod) ?? [])[0];
}

function stuckContainer({ metadata, status }: Pod): PodProblem | undefined {
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const waiting = container.state?.waiting;
    if (waiting?.reason === undefined || !stuckReasons.has(waiting.reason)) continue;
    const why = [waiting.message, lastEnd(container)].filter((text) => text !== undefined).join('; ');
    return { reason: waiting.reason, message: `Pod ${metadata.name}: ${waiting.reason}: ${why}` };
  }
  return undefined;
}

function lastEnd({ lastState }: ContainerStatus): string | undefined {
  const ended = lastState?.terminated;
  if (ended === undefined) return undefined;
  return `the last exit had code ${ended.exitCode ?? '?'} (${ended.reason ?? 'reason unknown'})`;
}

function unscheduled(pod: Pod): PodProblem | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  return {
    reason: 'Unschedulable',
    message: `Pod ${pod.metadata.name} cannot be scheduled: ${scheduled.message ?? ''}`,
  };
}
