// The options of a worker: its ports, limits and timeouts.

import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { Provider } from '../ports/provider.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { WorkerMetrics } from '../telemetry/metrics.ts';

export interface WorkerOptions {
  /** New at each start, so that this process is not mistaken for an earlier one. */
  readonly name: string;
  readonly pool: string;
  /** How many attempts run at once. */
  readonly concurrency: number;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly heartbeats: Heartbeats;
  readonly artifacts: ArtifactStore;
  readonly keys: KeyRing;
  readonly provider: Provider;
  readonly clock: Clock;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** ms; beats come three times as often. */
  readonly heartbeatTimeoutMs: number;
  /** ms that a drain lets attempts run before it hands them back; default 25 s. */
  readonly drainTimeoutMs?: number;
  /** ms for the hand-back itself, after which the drain ends whatever is left; default 3 s. */
  readonly handBackMs?: number;
  /** ms that a call may take to follow its abort before its slot counts as leaked; default 2 s. */
  readonly abandonAfterMs?: number;
  /** The models that the pool lists, for the label of metrics: any other is `other`. Absent: every model is named. */
  readonly models?: readonly string[];
  readonly version?: string;
  /** In [0, 1); jitter of backoffs. */
  readonly random?: () => number;
}
