// Writes the status of a GenerationJob, on the condition that it is still the version that was decided on, and tells the events.

import { KubeError } from '../../ports/kubernetes.ts';
import type { OperatorParts } from '../context.ts';
import type { GenerationJob, GenerationJobStatus } from '../resources/generationJob.ts';
import { apiVersion, generationJobType } from '../resources/kinds.ts';
import { happenings } from './decide/statusEvents.ts';
import type { Memory } from './reconcileState.ts';
import { afterWrite } from './decide/schedule.ts';

export class StatusWriter {
  readonly #parts: Pick<OperatorParts, 'cluster' | 'recorder' | 'clock'>;

  constructor(parts: Pick<OperatorParts, 'cluster' | 'recorder' | 'clock'>) {
    this.#parts = parts;
  }

  /** The resource as our own last write left it, for as long as the cache has not heard of that. */
  newest(cached: GenerationJob, { written }: Memory): GenerationJob {
    return written?.over.has(cached.metadata.resourceVersion) === true ? written.object : cached;
  }

  /** Undefined where the resource is gone; `conflict` where it is another version by now. */
  async write(
    resource: GenerationJob,
    status: GenerationJobStatus,
    memory: Memory,
  ): Promise<GenerationJob | 'conflict' | undefined> {
    const object = await this.#apply(resource, status);
    if (object === undefined || object === 'conflict') return object;
    memory.pace = afterWrite(memory.pace, this.#parts.clock.monotonic());
    const earlier = memory.written?.object === resource ? memory.written.over : [];
    memory.written = { over: new Set([...earlier, resource.metadata.resourceVersion]), object };
    for (const event of happenings(resource.status, status)) this.#parts.recorder.record(object, event);
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
      return await this.#parts.cluster.applyStatus<GenerationJob>(generationJobType, applied);
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return 'conflict';
      throw error;
    }
  }
}
