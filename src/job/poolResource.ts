// A pool that a WorkerPool defines in Kubernetes: what the operator owns of it, and how to change that.

export interface PoolResource {
  /** Of the WorkerPool, which has the pool's name. */
  readonly namespace: string;
  /** Its spec.paused: the operator pauses the queue again after any resume. */
  readonly paused: boolean;
}

/** The one command that resumes a paused pool. `resource` is undefined for a pool that no WorkerPool defines. */
export function resumeCommand(pool: string, resource: PoolResource | undefined): string {
  if (resource === undefined) return `genwarden resume ${pool}`;
  return resource.paused ? resumePatch(pool, resource.namespace) : `kubectl genwarden resume ${pool}`;
}

/** Ends a pause by spec.paused. */
export const resumePatch = (pool: string, namespace: string): string =>
  `kubectl patch workerpool ${pool} -n ${namespace} --type merge -p '{"spec":{"paused":false}}'`;

export const replaceInSecret = (pool: string): string =>
  `Put new keys into the Secrets that spec.keys of WorkerPool ${pool} names; its workers use them within about a minute.`;

export const nameSecret = (pool: string): string => `Name a Secret in spec.keys of WorkerPool ${pool}.`;
