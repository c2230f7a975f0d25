// Whether Kueue lets a GenerationJob run, and what its Workload needs. Pure.

import { conditionOf as builtInConditionOf } from '../../resources/builtInKinds.ts';
import { conditionOf, type GenerationJob, isFinished } from '../../resources/generationJob.ts';
import { showsEarlierRun } from '../earlierRun.ts';
import type { Hold } from '../suspend.ts';
import { priorityClassOf, queueOf, suspendedAnnotation, type Workload } from './workload.ts';

export interface QueueDecision {
  /** Why the job must not run; absent: it may. */
  readonly hold?: Hold;
  /** For the condition Suspended; absent: Kueue has no say. */
  readonly admitted?: Pick<Hold, 'reason' | 'message'>;
  /** `create` once the job is not active. */
  readonly workload: 'keep' | 'create' | 'change' | 'delete';
}

const free: QueueDecision = { workload: 'keep' };

/** The reasons of Suspended that say that the job has a Workload, or is to have one. */
const reasons: ReadonlySet<string | undefined> = new Set([
  'QueuedByKueue',
  'InadmissibleByKueue',
  'EvictedByKueue',
  'AdmittedByKueue',
  'KueueNotInstalled',
  'KueueForbidden',
  'KueueUnavailable',
  'PriorityClassNotFound',
]);

/** Others have no Workload: nothing has to be read. */
export function concernsKueue(resource: GenerationJob): boolean {
  if (showsEarlierRun(resource)) return false;
  return queueOf(resource) !== undefined || wasQueued(resource);
}

const wasQueued = ({ status }: GenerationJob): boolean => reasons.has(conditionOf(status, 'Suspended')?.reason);

/** `problem` is why there is no Workload yet, if the last attempt to create one failed. */
export function decideQueue(resource: GenerationJob, workload: Workload | undefined, problem?: Hold): QueueDecision {
  const { metadata, status, spec } = resource;
  if (isFinished(status)) return free;
  if (workload === undefined) return decideNew(resource, problem);
  if (metadata.deletionTimestamp !== undefined) return { workload: 'delete' };
  const queue = queueOf(resource);
  if (is(workload, 'Finished') || (queue === undefined && !is(workload, 'QuotaReserved'))) {
    // Without the label it is no longer Kueue's. A finished Workload is never admitted again: a retried job gets another.
    return { workload: 'delete', ...(queue !== undefined && { hold: waiting(queue) }) };
  }
  const change = needsChange(resource, workload) ? 'change' : 'keep';
  if (is(workload, 'Evicted')) return { workload: change, hold: evicted(workload) };
  if (is(workload, 'Admitted')) return { workload: change, admitted: admittedBy(workload) };
  if (spec?.suspend === true) return { workload: change };
  return { workload: change, hold: pending(workload) };
}

function decideNew(resource: GenerationJob, problem: Hold | undefined): QueueDecision {
  const { metadata, status, spec } = resource;
  const queue = queueOf(resource);
  if (queue === undefined || metadata.deletionTimestamp !== undefined || spec?.suspend === true) return free;
  // It got the label while it ran.
  const isRunning = status?.jobId !== undefined && conditionOf(status, 'Suspended')?.status !== 'True';
  if (isRunning && !wasQueued(resource)) return free;
  return { workload: 'create', hold: problem ?? waiting(queue) };
}

/** Its Workload cannot be read. A job that was admitted before continues: only Kueue evicts it. */
export function decideUnread(resource: GenerationJob, problem: Hold): QueueDecision {
  const { metadata, status, spec } = resource;
  if (isFinished(status) || metadata.deletionTimestamp !== undefined || spec?.suspend === true) return free;
  const isRunning = status?.jobId !== undefined && conditionOf(status, 'Suspended')?.status !== 'True';
  return isRunning || queueOf(resource) === undefined ? free : { workload: 'keep', hold: problem };
}

/** What the Workload should have of what may change. */
export interface Wanted {
  readonly queue: string | undefined;
  readonly priorityClass: string | undefined;
}

/** While quota is reserved, Kueue refuses another queue, and a priority class where there was none before. */
export function wantedOf(resource: GenerationJob, workload: Workload | undefined): Wanted {
  const queue = queueOf(resource);
  const priorityClass = priorityClassOf(resource);
  if (workload === undefined || !is(workload, 'QuotaReserved')) return { queue, priorityClass };
  const has = workload.spec?.priorityClassRef?.name;
  const mayChange = has !== undefined && priorityClass !== undefined;
  return { queue: workload.spec?.queueName, priorityClass: mayChange ? priorityClass : has };
}

function needsChange(resource: GenerationJob, workload: Workload): boolean {
  const { spec, metadata } = workload;
  const { queue, priorityClass } = wantedOf(resource, workload);
  const isSuspended = metadata.annotations?.[suspendedAnnotation] !== undefined;
  if (isSuspended !== (resource.spec?.suspend === true)) return true;
  return spec?.queueName !== queue || spec?.priorityClassRef?.name !== priorityClass;
}

const waiting = (queue: string): Hold => ({ reason: 'QueuedByKueue', message: `Waiting in LocalQueue ${queue}` });

function evicted(workload: Workload): Hold {
  const { reason, message } = builtInConditionOf(workload, 'Evicted')!;
  const quota = builtInConditionOf(workload, 'QuotaReserved');
  const latest = quota?.status === 'False' ? quota.message : message;
  return { reason: 'EvictedByKueue', message: `${reason}: ${latest}` };
}

function pending(workload: Workload): Hold {
  const quota = builtInConditionOf(workload, 'QuotaReserved');
  if (quota?.status === 'True') return { reason: 'QueuedByKueue', message: `${quota.message}; not admitted yet` };
  if (workload.spec?.active === false) return { reason: 'InadmissibleByKueue', message: 'The Workload is deactivated' };
  if (quota === undefined) return waiting(workload.spec?.queueName ?? '');
  const reason = quota.reason === 'Inadmissible' ? 'InadmissibleByKueue' : 'QueuedByKueue';
  return { reason, message: quota.message };
}

const admittedBy = ({ status }: Workload): Pick<Hold, 'reason' | 'message'> => ({
  reason: 'AdmittedByKueue',
  message: `Admitted by ClusterQueue ${status?.admission?.clusterQueue ?? ''}`.trimEnd(),
});

const is = (workload: Workload, type: string): boolean => builtInConditionOf(workload, type)?.status === 'True';
