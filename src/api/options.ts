// What the API is made of: what its caller hands in, and the context that every route gets.

import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { InstallationProbe } from '../ports/installationProbe.ts';
import type { JobLog } from '../ports/jobLog.ts';
import type { KeyRing } from '../ports/keyRing.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import type { KubernetesTokens } from './auth/kubernetes/kubernetesTokens.ts';
import type { TokenStore } from './auth/tokenStore.ts';
import type { RecentEntries } from '../jobs/events/recentEntries.ts';
import type { LastClaims } from '../readmodel/lastClaims.ts';
import type { JobWatch } from '../jobs/jobWatch.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';

export interface ApiOptions {
  readonly log: JobLog;
  readonly queue: Pick<TaskQueue, 'depth' | 'pause' | 'resume' | 'paused'>;
  readonly heartbeats: Pick<Heartbeats, 'watch' | 'recall'>;
  readonly artifacts: ArtifactStore;
  /** Says how the keys of a pool are; without it `GET /v1/pools` lists none. */
  readonly keys?: Pick<KeyRing, 'state'>;
  readonly pools: PoolRegistry;
  readonly clock: Clock;
  readonly follower: Follower;
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  /** `off` lets everyone in as tenant `default`. */
  readonly auth: TokenStore | 'off';
  /** Says who the tokens are that `auth` does not know; the caller closes it. */
  readonly kubernetes?: KubernetesTokens | undefined;
  /** How long a job is kept from its submit, ms. */
  readonly retentionMs: number;
  /** A worker is dropped from `GET /v1/workers` after three times this silence, ms; default 6 s. */
  readonly heartbeatTimeoutMs?: number;
  /** The API's address as its users see it, for `Location`; a path where absent. */
  readonly publicUrl?: string;
  readonly corsOrigins: readonly string[];
  readonly random: (bytes: number) => Uint8Array;
  /** Looks at NATS and the leader for `GET /v1/doctor`; without it those checks are left out. */
  readonly installation?: InstallationProbe;
  /** Of event streams, for tests. */
  readonly events?: EventStreamLimits;
  /** Shown in `/openapi.json`. */
  readonly version?: string;
}

export interface EventStreamLimits {
  /** A comment is sent after this silence, ms; default 15 s. */
  readonly keepAliveMs?: number;
  /** A client that takes nothing for this long is dropped, ms; default 30 s. */
  readonly stalledMs?: number;
  /** How many of the stream's last messages are kept for those who come back; default 10,000. */
  readonly recent?: number;
  /** How many messages a client may have missed and still get one by one; default 100,000. */
  readonly mostMissed?: number;
}

export interface ApiContext extends ApiOptions {
  readonly workers: WorkerDirectory;
  readonly watch: JobWatch;
  readonly lastClaims: LastClaims;
  readonly recent: RecentEntries;
  /** Aborts when the API closes: ends every wait. */
  readonly closing: AbortSignal;
}

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>;
