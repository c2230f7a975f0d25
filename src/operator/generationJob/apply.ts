// Writes the status of a GenerationJob, provided the resource still has the observed version, and records the events.

import { KubeError } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import type { GenerationJob, GenerationJobStatus } from '../resources/generationJob.ts';
import { apiVersion, generationJobType } from '../resources/kinds.ts';
import { statusEvents } from './decide/statusEvents.ts';
import type { ReconcileState } from './reconcileState.ts';
import { afterWrite } from './decide/schedule.ts';

export class StatusWriter {
  readonly #context: Pick<OperatorContext, 'cluster' | 'recorder' | 'clock'>;

  constructor(context: Pick<OperatorContext, 'cluster' | 'recorder' | 'clock'>) {
    this.#context = context;
  }

  /** The result of our own last write, until the cache has caught up with it. */
  newest(cached: GenerationJob, { written }: ReconcileState): GenerationJob {
    return written?.over.has(cached.metadata.resourceVersion) === true ? written.object : cached;
  }

  /** Undefined if the resource no longer exists; `conflict` if its version has changed. */
  async write(
    resource: GenerationJob,
    status: GenerationJobStatus,
    state: ReconcileState,
  ): Promise<GenerationJob | 'conflict' | undefined> {
    const object = await this.#apply(resource, status);
    if (object === undefined || object === 'conflict') return object;
    state.writes = afterWrite(state.writes, this.#context.clock.monotonic());
    const earlier = state.written?.object === resource ? state.written.over : [];
    state.written = { over: new Set([...earlier, resource.metadata.resourceVersion]), object };
    for (const event of statusEvents(resource.status, status)) this.#context.recorder.record(object, event);
    return object;
  }

  async #apply(
    { metadata }: GenerationJob,
    status: GenerationJobStatus,
  ): Promise<GenerationJob | 'conflict' | undefined> {
    const { name, namespace, uid, resourceVersion } = metadata;
    const applied = {
      apiVersion,
      kind: generationJobType.kind,
      metadata: { name, namespace, uid, resourceVersion },
      status,
    };
    try {
      return await this.#context.cluster.applyStatus<GenerationJob>(generationJobType, applied);
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return 'conflict';
      throw error;
    }
  }
}
