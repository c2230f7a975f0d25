// Writes the status of a WorkerPool.

import type { OperatorParts } from '../parts.ts';
import { apiVersion, workerPoolType } from '../resources/kinds.ts';
import type { WorkerPool, WorkerPoolStatus } from '../resources/workerPool.ts';
import type { PoolMemory } from './memory.ts';

/** Nothing happens where the resource is gone. Throws `KubeError`. */
export async function writeStatus(
  { cluster, clock }: Pick<OperatorParts, 'cluster' | 'clock'>,
  memory: PoolMemory,
  { metadata: { name, namespace, uid } }: WorkerPool,
  status: WorkerPoolStatus,
): Promise<void> {
  const { kind } = workerPoolType;
  await cluster.applyStatus<WorkerPool>(workerPoolType, {
    apiVersion,
    kind,
    metadata: { name, namespace, uid },
    status,
  });
  memory.written = { at: clock.monotonic(), status };
}
