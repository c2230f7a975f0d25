// The `metadata` artifact: how an image was made, for the user who keeps it.

import type { ArtifactRef, JsonObject, JsonValue, Usage } from '../job/task.ts';
import type { Generated } from '../ports/provider.ts';
import type { WorkerOptions } from './options.ts';
import type { Claim } from './pipeline.ts';

export interface Made {
  readonly artifacts: readonly ArtifactRef[];
  readonly usage: Usage;
  readonly provenance: Generated['provenance'];
}

export function describeResult(
  { state, request }: Claim,
  made: Made,
  { name, provider, clock }: WorkerOptions,
): JsonObject {
  const { job, task, name: taskName, kind, model, pool, labels } = state.of;
  const about = {
    job,
    task,
    name: taskName,
    run: state.run,
    attempt: state.attempt,
    kind,
    pool,
    worker: name,
    provider: provider.name,
    model,
    madeAt: new Date(clock.now()).toISOString(),
    input: request.input,
    labels,
    metadata: request.metadata,
    jobMetadata: request.jobMetadata,
    ...made,
  };
  // Through text and back: what is undefined is left out, and the rest is JSON by its types.
  return JSON.parse(JSON.stringify(about satisfies Record<string, unknown>)) as Record<string, JsonValue>;
}
