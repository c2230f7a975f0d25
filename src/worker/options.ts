// The options of a worker: its ports, limits and timeouts.

import type { Prices } from '../job/money.ts';
import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats, ProviderCheck } from '../ports/heartbeats.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { PartialTexts } from '../ports/partialTexts.ts';
import type { Provider } from '../ports/provider.ts';
import type { StorageHealth } from '../ports/storageHealth.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Tracer } from '../telemetry/tracing/tracer.ts';
import type { WorkerMetrics } from '../telemetry/metrics.ts';

export interface WorkerOptions {
  /** A new name at each start, so that this process is not mistaken for an earlier one. */
  readonly name: string;
  readonly pool: string;
  /** The maximum number of attempts at the same time. */
  readonly concurrency: number;
  /** The memory that attempts may use at the same time, bytes. Absent: only slots limit them. */
  readonly memory?: number;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly heartbeats: Heartbeats;
  /** Absent: the text of running tasks is not sent to watchers. */
  readonly texts?: PartialTexts;
  /** What the writes of this process show about the storage; absent: nothing is known. */
  readonly storage?: StorageHealth;
  readonly artifacts: ArtifactStore;
  readonly keys: KeyRing;
  readonly provider: Provider;
  readonly clock: Clock;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** Default: traces are off. */
  readonly tracer?: Tracer;
  /** Where the provider is called, for spans; absent: at its own address. */
  readonly baseUrl?: string | undefined;
  /** ms; heartbeats are sent three times as often. */
  readonly heartbeatTimeoutMs: number;
  /** How long a drain lets attempts run before it requeues their tasks, ms; default 25 s. */
  readonly drainTimeoutMs?: number;
  /** How long the drain then waits for the requeues before it ends regardless, ms; default 3 s. */
  readonly requeueTimeoutMs?: number;
  /** How long an aborted call may take to settle before its slot counts as leaked, ms; default 2 s. */
  readonly abandonAfterMs?: number;
  /**
   * The pool's models. The worker fetches tasks while one of them admits calls. In metrics, any other model is labelled
   * `other`. Absent: all models are labelled by name.
   */
  readonly models?: readonly string[];
  /** By model; absent for a pool without prices. */
  readonly prices?: Prices;
  readonly version?: string;
  /** Whether a stand-in answers the calls, as far as it is known; absent: the provider does. */
  readonly isStandIn?: () => boolean;
  /** The fingerprints of the keys in use, for heartbeats. */
  readonly keysInUse?: () => readonly string[];
  /** The last check of the provider; absent: it cannot be checked. */
  readonly providerCheck?: () => ProviderCheck | undefined;
  /** Random numbers in [0, 1), for the jitter of backoffs. */
  readonly random?: () => number;
}
