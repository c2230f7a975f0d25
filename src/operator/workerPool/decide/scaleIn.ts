// Scale-in that keeps busy workers: marks idle pods with a low deletion cost before it lowers the number of replicas, so that
// the ReplicaSet deletes those first.

import { elapsed, type Monotonic } from '../../../job/time.ts';

/** https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost: the default cost is 0. */
export const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const firstToGo = '-100';

/** ms after which a written cost has certainly reached the cache of the ReplicaSet controller. */
const settling = 1_000;

export interface WorkerPod {
  readonly name: string;
  /** Scheduled and ready. The ReplicaSet deletes all others first, whatever their cost. */
  readonly ready: boolean;
  /** The annotated deletion cost, or 0. */
  readonly cost: number;
  /** Tasks that its workers run; undefined if unknown. */
  readonly tasks: number | undefined;
}

export interface ScaleInInput {
  /** The desired number, and the limit above which even busy workers are removed. */
  readonly desired: { readonly replicas: number; readonly atMost: number };
  /** The current spec.replicas of the Deployment. */
  readonly current: number;
  /** Pods that are not terminating. */
  readonly pods: readonly WorkerPod[];
  /** Pods of two generations exist, so it is unpredictable which of them a lower number would delete. */
  readonly rolling: boolean;
  /** When a deletion cost was last written. */
  readonly markedAt: Monotonic;
  readonly now: Monotonic;
}

export interface ScaleIn {
  /** The next spec.replicas of the Deployment. */
  readonly replicas: number;
  /** Deletion costs to write; null removes one. */
  readonly marks: readonly { readonly pod: string; readonly cost: string | null }[];
  /** Why the desired number is not reached yet. */
  readonly waitsFor?: 'busy' | 'settling' | 'rolling';
}

export function scaleIn(input: ScaleInInput): ScaleIn {
  const { desired, current, pods, rolling, markedAt, now } = input;
  const surplus = pods.length - desired.replicas;
  if (desired.replicas >= current || surplus <= 0) {
    // Keeps the marks until the marked pods are terminating.
    return { replicas: desired.replicas, marks: pods.length > current ? [] : marksFor(pods, []) };
  }
  const mustGo = Math.max(0, pods.length - desired.atMost);
  if (rolling && mustGo === 0) return { replicas: current, marks: marksFor(pods, []), waitsFor: 'rolling' };
  const chosen = victims(pods, surplus, mustGo);
  const marks = marksFor(pods, chosen);
  if (chosen.length === 0) return { replicas: current, marks, waitsFor: 'busy' };
  if (marks.length > 0 || elapsed(markedAt, now) < settling) return { replicas: current, marks, waitsFor: 'settling' };
  const replicas = Math.min(current, pods.length - chosen.length);
  return { replicas, marks, ...(replicas > desired.replicas ? { waitsFor: 'busy' as const } : {}) };
}

/**
 * Idle pods, at most `surplus`. If `mustGo` exceeds the idle pods, the least busy ones as well. None while a busy pod is not
 * ready: the ReplicaSet would delete that one first.
 */
function victims(pods: readonly WorkerPod[], surplus: number, mustGo: number): WorkerPod[] {
  const order = pods.toSorted(byDeletionOrder);
  const idle = order.filter(({ tasks }) => tasks === 0).slice(0, surplus);
  if (idle.length >= mustGo) return order.some((pod) => !pod.ready && pod.tasks !== 0) && mustGo === 0 ? [] : idle;
  const busy = order.filter(({ tasks }) => tasks !== 0).toSorted((a, b) => tasksOf(a) - tasksOf(b));
  return [...idle, ...busy.slice(0, mustGo - idle.length)];
}

const tasksOf = ({ tasks = 1 }: WorkerPod): number => tasks;

/** The relevant part of the ReplicaSet's deletion order; the name makes the choice stable across reconciles. */
function byDeletionOrder(a: WorkerPod, b: WorkerPod): number {
  if (a.ready !== b.ready) return a.ready ? 1 : -1;
  if (a.cost !== b.cost) return a.cost - b.cost;
  return a.name < b.name ? -1 : 1;
}

function marksFor(pods: readonly WorkerPod[], chosen: readonly WorkerPod[]): { pod: string; cost: string | null }[] {
  return pods.flatMap((pod) => {
    const isMarked = pod.cost < 0;
    if (chosen.includes(pod) === isMarked) return [];
    return [{ pod: pod.name, cost: isMarked ? null : firstToGo }];
  });
}
