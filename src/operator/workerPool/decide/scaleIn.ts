// Scale-in that leaves busy workers alone: those that are to go are idle, and are marked as the first for the ReplicaSet
// to take before its number is lowered.

import { elapsed, type Monotonic } from '../../../job/time.ts';

/** What https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost goes by; 0 without it. */
export const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const firstToGo = '-100';

/** ms from a mark's write until the ReplicaSet's controller has it in its cache for sure. */
const settling = 1_000;

export interface WorkerPod {
  readonly name: string;
  /** On a node and ready: all others go first, whatever their cost. */
  readonly ready: boolean;
  /** As annotated; 0 where it is not. */
  readonly cost: number;
  /** Tasks that its workers hold; undefined where nobody knows. */
  readonly tasks: number | undefined;
}

export interface ScaleInInput {
  /** How many there should be, and the bound above which they go busy or not. */
  readonly desired: { readonly replicas: number; readonly atMost: number };
  /** What the Deployment asks for now. */
  readonly current: number;
  /** Pods that are not on their way out. */
  readonly pods: readonly WorkerPod[];
  /** Two generations of pods at once: nobody can tell which of them a lower number would take. */
  readonly rolling: boolean;
  /** When a mark was last set or removed. */
  readonly markedAt: Monotonic;
  readonly now: Monotonic;
}

export interface ScaleIn {
  /** What the Deployment should ask for now. */
  readonly replicas: number;
  /** Pods whose cost is to be written; null removes it. */
  readonly marks: readonly { readonly pod: string; readonly cost: string | null }[];
  /** Why it is not at the desired yet. */
  readonly waitsFor?: 'busy' | 'settling' | 'rolling';
}

export function scaleIn(input: ScaleInInput): ScaleIn {
  const { desired, current, pods, rolling, markedAt, now } = input;
  const surplus = pods.length - desired.replicas;
  if (desired.replicas >= current || surplus <= 0) {
    // Until those that are to go are on their way, their marks say which.
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
 * Idle pods, at most as many as are too many; where more than those must go, the least busy as well. None while a busy
 * pod is not ready: the ReplicaSet would take that one first.
 */
function victims(pods: readonly WorkerPod[], surplus: number, mustGo: number): WorkerPod[] {
  const order = pods.toSorted(byDeletionOrder);
  const idle = order.filter(({ tasks }) => tasks === 0).slice(0, surplus);
  if (idle.length >= mustGo) return order.some((pod) => !pod.ready && pod.tasks !== 0) && mustGo === 0 ? [] : idle;
  const busy = order.filter(({ tasks }) => tasks !== 0).toSorted((a, b) => tasksOf(a) - tasksOf(b));
  return [...idle, ...busy.slice(0, mustGo - idle.length)];
}

const tasksOf = ({ tasks = 1 }: WorkerPod): number => tasks;

/** In the ReplicaSet's own order as far as it matters here; the name makes the choice the same at each look. */
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
