// What the API is made of: what its caller hands in, and the context that every route gets.

import type { FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import type { KubernetesTokens } from './auth/kubernetes/kubernetesTokens.ts';
import type { TokenStore } from './auth/tokenStore.ts';
import type { JobsContext } from '../jobs/context.ts';

/** What `buildApi` makes itself. */
type OwnParts = 'workers' | 'lastClaims' | 'watch' | 'recent' | 'onTaskEnded';

/** The ports and settings of the use cases, and what HTTP adds to them. */
export interface ApiOptions extends Omit<JobsContext, OwnParts> {
  readonly queue: Pick<TaskQueue, 'depth' | 'pause' | 'resume' | 'paused'>;
  readonly heartbeats: Pick<Heartbeats, 'watch' | 'recall'>;
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  /** `off` lets everyone in as tenant `default`. */
  readonly auth: TokenStore | 'off';
  /** Says who the tokens are that `auth` does not know; the caller closes it. */
  readonly kubernetes?: KubernetesTokens | undefined;
  /** The API's address as its users see it, for `Location`; a path where absent. */
  readonly publicUrl?: string;
  readonly corsOrigins: readonly string[];
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

export interface ApiContext extends ApiOptions, Pick<JobsContext, OwnParts> {
  /** Aborts when the API closes: ends every wait. */
  readonly closing: AbortSignal;
}

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>;
