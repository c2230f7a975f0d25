// The context that the steps of a worker share: its options, and the objects that live as long as the worker.

import type { Admission } from './admission.ts';
import type { AttemptTelemetry } from './attemptTelemetry.ts';
import type { CallDurations } from './callDurations.ts';
import type { HeartbeatSender } from './heartbeatSender.ts';
import type { HeldTasks } from './heldTasks.ts';
import type { WorkerOptions } from './options.ts';
import type { Slots } from './slots.ts';
import type { TenantPlaces } from './tenantPlaces.ts';

export interface WorkerContext {
  readonly options: WorkerOptions;
  readonly slots: Slots;
  readonly admission: Admission;
  readonly places: TenantPlaces;
  readonly heldTasks: HeldTasks;
  readonly heartbeat: HeartbeatSender;
  readonly telemetry: AttemptTelemetry;
  readonly durations: CallDurations;
  /** Aborts when the worker must stop claiming. */
  readonly stopped: AbortSignal;
  /** Aborts when the worker ends, even if writes are still unanswered. */
  readonly ended: AbortSignal;
}
