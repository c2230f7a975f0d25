// Computes the status of a WorkerPool, and when it is due to be written.

import { withoutUndefined } from '../../../job/withoutUndefined.ts';
import type { ObjectMeta } from '../../../ports/kubernetes.ts';
import { isoTime, type NewCondition } from '../../resources/conditions.ts';
import { poolKstatus, setWithKstatus } from '../../resources/kstatus.ts';
import type { WorkerPoolStatus } from '../../resources/workerPool.ts';
import { selectorText } from '../children/names.ts';
import type { Deployment } from '../../resources/builtInKinds.ts';
import type { PoolLoad } from '../observe/poolLoad.ts';

export interface StatusInput {
  readonly metadata: ObjectMeta;
  /** The last known status. */
  readonly before: WorkerPoolStatus;
  readonly deployment: Deployment | undefined;
  readonly desired: number;
  /** Undefined: unknown at the moment; the last numbers are kept. */
  readonly load: PoolLoad | undefined;
  readonly conditions: readonly NewCondition[];
  /** ISO 8601. */
  readonly now: string;
}

export function statusOf({
  metadata,
  before,
  deployment,
  desired,
  load,
  conditions,
  now,
}: StatusInput): WorkerPoolStatus {
  const { generation = 0, name } = metadata;
  const { replicas = 0, readyReplicas = 0 } = deployment?.status ?? {};
  return {
    observedGeneration: generation,
    replicas,
    readyReplicas,
    desiredReplicas: desired,
    ready: `${readyReplicas}/${desired}`,
    selector: selectorText(name),
    ...loadFields(before, load),
    conditions: setWithKstatus(before.conditions ?? [], [...conditions, ...poolKstatus(conditions)], generation, now),
  };
}

function loadFields(before: WorkerPoolStatus, load: PoolLoad | undefined): Partial<WorkerPoolStatus> {
  if (load === undefined) {
    const { queued, running, oldestQueuedTime } = before;
    return withoutUndefined({ queued, running, oldestQueuedTime });
  }
  const { queued, running, oldestQueued } = load;
  const oldestQueuedTime = oldestQueued === undefined ? undefined : isoTime(oldestQueued);
  return withoutUndefined({ queued, running, oldestQueuedTime });
}

/** Minimum ms between two writes when only queue lengths or messages changed. */
const minorWriteEvery = 5_000;

/**
 * ms until the status is due to be written: 0 if a condition, the generation or the number of workers changed;
 * `minorWriteEvery` after the last write if only queue lengths or messages did; undefined if nothing did.
 */
export function writeDueIn(
  written: WorkerPoolStatus | undefined,
  next: WorkerPoolStatus,
  sinceWritten: number,
): number | undefined {
  if (JSON.stringify(written) === JSON.stringify(next)) return undefined;
  if (written === undefined || significantPart(written) !== significantPart(next)) return 0;
  return Math.max(0, minorWriteEvery - sinceWritten);
}

function significantPart({
  observedGeneration,
  replicas,
  readyReplicas,
  desiredReplicas,
  conditions = [],
}: WorkerPoolStatus) {
  const states = conditions.map(({ type, status, reason }) => [type, status, reason]);
  return JSON.stringify([observedGeneration, replicas, readyReplicas, desiredReplicas, states]);
}
