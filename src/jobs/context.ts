// The context of the use cases: ports, the read model, and a few settings. Each use case declares the parts that it needs.

import type { Cancelled, Failed, OpenTask } from '../job/task.ts';
import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { ImageReader } from '../ports/imageReader.ts';
import type { InstallationProbe } from '../ports/installationProbe.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { PartialTexts } from '../ports/partialTexts.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { SchemaChecker } from '../ports/schemaChecker.ts';
import type { StorageHealth } from '../ports/storageHealth.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { AttemptDurations } from '../readmodel/attemptDurations.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { LastClaims } from '../readmodel/lastClaims.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { RecentEntries } from './events/recentEntries.ts';
import type { JobWatch } from './wait.ts';

export interface JobsContext {
  readonly log: JobLog;
  readonly queue: Pick<TaskQueue, 'paused'>;
  readonly heartbeats: Pick<Heartbeats, 'sendCancellation'>;
  /** If absent, event streams have no text of running tasks. */
  readonly texts?: PartialTexts;
  readonly artifacts: ArtifactStore;
  readonly schemas: Pick<SchemaChecker, 'problems'>;
  readonly images: ImageReader;
  /** Tells why a pool admits no call; if absent, that is unknown. */
  readonly keys?: KeyRingView;
  /** What the writes of this process show about the storage; if absent, only the workers tell. */
  readonly storage?: Pick<StorageHealth, 'full'>;
  readonly pools: PoolRegistry;
  readonly clock: Clock;
  readonly follower: Follower;
  readonly workers: WorkerDirectory;
  /** Whether NATS lets this process queue tasks in tenant parts; default: yes. */
  readonly mayUseParts?: boolean;
  readonly lastClaims: LastClaims;
  /** How long attempts take; if absent, that is unknown. */
  readonly attemptDurations?: Pick<AttemptDurations, 'meanOf'>;
  readonly watch: JobWatch;
  readonly recent: RecentEntries;
  /** Checks NATS and the leader; if absent, the doctor skips these checks. */
  readonly installation?: InstallationProbe;
  /** What the process knows about webhooks; if absent, a submit's webhook is checked when it is sent. */
  readonly webhooks?: WebhookRules;
  /** How long a job is kept after its submit, ms. */
  readonly retentionMs: number;
  /** A worker counts as lost after this much silence, ms; default 6 s. */
  readonly heartbeatTimeoutMs?: number;
  readonly random: (bytes: number) => Uint8Array;
  /** Called for each task that a request cancelled or failed, as soon as the change is stored. */
  readonly onTaskEnded: (ended: EndedTask) => void;
}

/** What the use cases read of the key ring. */
export type KeyRingView = Pick<KeyRing, 'state' | 'block' | 'outages' | 'spending' | 'onChange'>;

export interface WebhookRules {
  /** Whether the tenant has a secret, with which its webhooks are signed. */
  readonly hasSecret: (tenant: string) => boolean;
  /** What stands in the way of webhooks, and what to do; absent: nothing can. */
  readonly problem?: () => { readonly says: string; readonly advice: string } | undefined;
  /** Whether the installation lists this host name or address as one that webhooks may reach in internal networks. */
  readonly isAllowed: (hostname: string) => boolean;
}

export interface EndedTask {
  readonly before: OpenTask;
  readonly after: Cancelled | Failed;
  /** One sentence, as stored with the task. */
  readonly message: string;
}
