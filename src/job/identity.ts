// The identity of a task: what is fixed when it is submitted, and never changes.

import type { JobId, TaskIndex } from './ids.ts';
import type { Priority } from './lanes.ts';
import type { JobKind, Policy } from './policy.ts';
import type { Instant } from './time.ts';
import type { WebhookEvent } from './webhooks/eventTypes.ts';

/** The facts that are fixed at submit. Every message carries them, so that an index needs no message bodies. */
export interface TaskIdentity {
  readonly job: JobId;
  readonly task: TaskIndex;
  readonly name: string | null;
  /** How many tasks the job has. */
  readonly total: number;
  readonly tenant: string;
  readonly pool: string;
  readonly kind: JobKind;
  readonly model: string;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: Policy;
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  /** The job's deadline, if it has one. */
  readonly deadline: Instant | null;
  /** The uid of the custom resource that created the job, or null. */
  readonly owner: string | null;
  /** The indexes of the tasks that this one waits for; absent if it waits for none. */
  readonly after?: readonly TaskIndex[];
  /** The job's kind and model, for a task that has its own. */
  readonly jobKind?: JobKind;
  readonly jobModel?: string;
  /** The job's group within its tenant, for the pool's limit of running tasks per group; absent: none. */
  readonly group?: string;
  /** In the first task only: how its prompt begins (see `promptStart.ts`); absent if that is blank, and in earlier versions. */
  readonly promptStart?: string;
  /** The events that the job's webhook gets; absent: it has none. Its address is in the request. */
  readonly webhook?: readonly WebhookEvent[];
  /** The span in which the job was submitted, as a W3C `traceparent`; absent: the job has no trace. See `trace.ts`. */
  readonly trace?: string;
  /** The W3C `tracestate` that came with it. */
  readonly traceState?: string;
}
