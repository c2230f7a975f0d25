// What the operator is made of: handed in by its process, given to each of its controllers.

import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { Cluster, StartInformer } from '../ports/kubernetes.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Logger } from '../telemetry/log.ts';
import type { OperatorMetrics } from '../telemetry/metrics.ts';
import type { EventRecorder } from './events/eventRecorder.ts';
import type { Problems } from './problems.ts';

export interface OperatorContext {
  readonly cluster: Cluster;
  readonly recorder: EventRecorder;
  readonly startInformer: StartInformer;
  /** Of informers and controllers, for readiness. */
  readonly problems: Problems;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly heartbeats: Heartbeats;
  readonly artifacts: ArtifactStore;
  readonly keys: Pick<KeyRing, 'state'>;
  readonly pools: PoolRegistry;
  readonly clock: Clock;
  /** Owned by the caller. */
  readonly follower: Follower;
  readonly logger: Logger;
  readonly metrics: OperatorMetrics;
  /** The installation's own: where WorkerPools live. */
  readonly namespace: string;
  /** Whose GenerationJobs are run; empty: of all namespaces. */
  readonly watchNamespaces: readonly string[];
  /** The PodTemplateSpec of workers as the installation gave it; undefined where it gave none. */
  readonly workerTemplate: object | undefined;
  /** How long a job is kept from its submit, ms. */
  readonly retentionMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Bytes, as the submit function takes them. */
  readonly random: (bytes: number) => Uint8Array;
  /** In [0, 1): spreads what would otherwise happen at once. */
  readonly jitter: () => number;
}
