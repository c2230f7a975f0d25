// Which pod runs how many tasks: pods as Kubernetes has them, joined with the heartbeats of the workers in them.

import type { Beat } from '../../../ports/heartbeats.ts';
import { deletionCost, type PodSight } from '../scaling/scaleIn.ts';
import { conditionOf, type Pod } from './kubeTypes.ts';

/**
 * The pods that are not on their way out. A pod's host name is its own name. `running` counts the tasks of each worker that
 * the stream knows of; a ready pod whose worker was not heard may be busy, one that is not ready yet holds nothing.
 */
export function podSights(
  pods: readonly Pod[],
  beats: readonly Beat[],
  running: ReadonlyMap<string, number>,
): PodSight[] {
  return pods.filter(isStaying).map((pod) => {
    const { name, annotations } = pod.metadata;
    const ready = conditionOf(pod, 'Ready')?.status === 'True';
    const workers = beats.filter(({ host }) => host === name);
    const tasks = workers.reduce((sum, beat) => sum + Math.max(beat.tasks.length, running.get(beat.worker) ?? 0), 0);
    return {
      name,
      ready,
      cost: Number(annotations?.[deletionCost] ?? 0) || 0,
      tasks: workers.length === 0 && ready ? undefined : tasks,
    };
  });
}

/** Neither on its way out nor at its end. */
const isStaying = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
