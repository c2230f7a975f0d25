// Builds the first messages of a new job's tasks.

import type { JobId } from '../../job/ids.ts';
import type { SpecWrite, TaskIdentity, TaskInput, TaskRequest } from '../../job/task.ts';
import { submitted } from '../../job/transitions.ts';
import type { SubmitBody } from './body.ts';
import type { RequestedTask } from './mergeTasks.ts';
import type { Placement } from './placement.ts';
import type { ResolvedReferences } from './references.ts';
import type { Timing } from './timing.ts';

export interface NewJob {
  readonly job: JobId;
  readonly tenant: string;
  readonly digest: string;
  readonly owner: string | null;
  readonly body: SubmitBody;
  readonly tasks: readonly RequestedTask[];
  readonly placement: Placement;
  readonly timing: Timing;
  readonly references: ResolvedReferences;
}

export function specsOf(job: NewJob): readonly SpecWrite[] {
  return job.tasks.map((task, index) => ({
    state: submitted(identityOf(job, task, index)),
    detail: { message: 'Queued for a worker', request: requestOf(job, task) },
  }));
}

function identityOf(
  { job, tenant, owner, body, tasks, placement, timing }: NewJob,
  task: RequestedTask,
  at: number,
): TaskIdentity {
  return {
    job,
    task: at,
    name: task.name,
    total: tasks.length,
    tenant,
    pool: placement.pool.name,
    kind: body.kind,
    model: placement.model,
    priority: body.priority ?? 'normal',
    labels: body.labels ?? {},
    owner,
    ...timing,
  };
}

function requestOf({ body, digest, references }: NewJob, task: RequestedTask): TaskRequest {
  const images = task.references.map((reference) => references.get(reference)!);
  const input = { ...task.input, ...(images.length === 0 ? {} : { references: images }) } as TaskInput;
  return {
    input,
    metadata: task.metadata,
    jobMetadata: body.metadata === undefined ? {} : body.metadata,
    digest,
    concurrencyKey: body.concurrencyKey ?? null,
  };
}
