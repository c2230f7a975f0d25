// What the status of a Workload has to say about its job, for Kueue to give quota back. Pure.
// https://github.com/kubernetes-sigs/kueue/blob/v0.17.0/pkg/controller/jobframework/reconciler.go

import type { Instant } from '../../../job/task.ts';
import { conditionOf as builtInConditionOf } from '../../resources/builtInKinds.ts';
import { type Condition, isoTime, type NewCondition, setConditions } from '../../resources/conditions.ts';
import { conditionOf, type GenerationJob, isFinished } from '../../resources/generationJob.ts';
import { podSetName, type Workload } from './workload.ts';

/** A merge patch of the status. */
export interface WorkloadReport {
  readonly conditions?: readonly Condition[];
  readonly admission?: null;
  readonly reclaimablePods?: readonly { readonly name: string; readonly count: number }[];
}

export interface JobProgress {
  /** A task may be running or start. */
  readonly active: boolean;
  /** Tasks that have ended for good. */
  readonly ended: number;
}

/** Evicted for these reasons, a Workload queues again at once; Kueue requeues the others itself. */
const requeued = ['Preempted', 'NodeFailures'];

/** Undefined if there is nothing to say. `progress` is undefined if it is unknown. */
export function reportOf(
  resource: GenerationJob,
  workload: Workload,
  progress: JobProgress | undefined,
  now: Instant,
): WorkloadReport | undefined {
  if (is(workload, 'Finished')) return undefined;
  if (isFinished(resource.status)) return { conditions: withConditions(workload, [finished(resource)], now) };
  if (progress === undefined || !is(workload, 'QuotaReserved')) return undefined;
  if (is(workload, 'Evicted')) return progress.active ? undefined : release(workload, now);
  return reclaim(workload, progress.ended);
}

function finished({ status }: GenerationJob): NewCondition {
  const reason = conditionOf(status, 'Complete')?.status === 'True' ? 'Succeeded' : 'Failed';
  return { type: 'Finished', status: 'True', reason, message: status?.message || reason };
}

/** As Kueue does for the jobs that it knows: it waits with the quota until they have stopped. */
function release(workload: Workload, now: Instant): WorkloadReport {
  const { reason, message } = builtInConditionOf(workload, 'Evicted')!;
  const changes: NewCondition[] = [
    { type: 'Requeued', status: requeued.includes(reason) ? 'True' : 'False', reason, message },
    { type: 'QuotaReserved', status: 'False', reason: 'Pending', message },
    { type: 'Admitted', status: 'False', reason: 'NoReservation', message: 'The workload has no reservation' },
  ];
  return { admission: null, conditions: withConditions(workload, changes, now) };
}

/** Quota of tasks that have ended. Kueue refuses a count that decreases. */
function reclaim({ spec, status }: Workload, ended: number): WorkloadReport | undefined {
  const count = Math.min(ended, spec?.podSets?.[0]?.count ?? 0);
  const before = status?.reclaimablePods?.[0]?.count ?? 0;
  return count > before ? { reclaimablePods: [{ name: podSetName, count }] } : undefined;
}

/** Kueue's times have seconds. */
function withConditions({ metadata, status }: Workload, changes: readonly NewCondition[], now: Instant): Condition[] {
  const time = isoTime(now).replace(/\.\d+Z$/, 'Z');
  return setConditions(status?.conditions ?? [], changes, metadata.generation ?? 1, time);
}

const is = (workload: Workload, type: string): boolean => builtInConditionOf(workload, type)?.status === 'True';
