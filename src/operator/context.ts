// The dependencies and settings that the operator's process passes to every controller.

import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { ParseCron } from '../ports/cron.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { ImageReader } from '../ports/imageReader.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { Cluster, StartInformer } from '../ports/kubernetes.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { SchemaChecker } from '../ports/schemaChecker.ts';
import type { Tombstones } from '../ports/tombstones.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Tracer } from '../telemetry/tracing/tracer.ts';
import type { OperatorMetrics } from '../telemetry/metrics.ts';
import type { EventRecorder } from './events/eventRecorder.ts';
import type { Problems } from './problems.ts';

export interface OperatorContext {
  readonly cluster: Cluster;
  readonly recorder: EventRecorder;
  readonly startInformer: StartInformer;
  /** Problems of informers and controllers, for the readiness probe. */
  readonly problems: Problems;
  readonly log: JobLog;
  readonly queue: TaskQueue;
  readonly tombstones: Tombstones;
  readonly heartbeats: Heartbeats;
  readonly artifacts: ArtifactStore;
  readonly schemas: SchemaChecker;
  readonly images: ImageReader;
  readonly keys: Pick<KeyRing, 'state' | 'block' | 'outages'>;
  readonly pools: PoolRegistry;
  readonly clock: Clock;
  readonly cron: ParseCron;
  /** Owned by the caller. */
  readonly follower: Follower;
  readonly logger: Logger;
  /** Default: traces are off. */
  readonly tracer?: Tracer;
  readonly metrics: OperatorMetrics;
  /** The name of the installation in the cluster, as in `genwarden/genwarden`; the same for all its processes, and after a restart. */
  readonly installation: string;
  /** The namespace of the installation and its WorkerPools. */
  readonly namespace: string;
  /** The namespaces whose GenerationJobs are run; empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  /** The installation's PodTemplateSpec for workers, if it has one. */
  readonly workerTemplate: object | undefined;
  /** How long a job is kept after its submit, ms. */
  readonly retentionMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  /** A random number in [0, 1), to spread work over time. */
  readonly jitter: () => number;
}
