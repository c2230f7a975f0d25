// The parts that the API is built from, and the context that every route receives.

import type { FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { IssuerSignIn } from '../ports/issuerSignIn.ts';
import type { LinkKeys } from '../ports/linkKeys.ts';
import type { RequestCounts } from '../ports/requestCounts.ts';
import type { TaskQueue } from '../ports/taskQueue.ts';
import type { WebhookDeliveries } from '../ports/webhookDeliveries.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing/tracer.ts';
import type { KubernetesTokens } from './auth/kubernetes/kubernetesTokens.ts';
import type { OidcTokens } from './auth/oidc/oidcTokens.ts';
import type { TokenStore } from './auth/tokenStore.ts';
import type { JobsContext } from '../jobs/context.ts';
import type { OverdueTally } from '../jobs/overdueTally.ts';
import type { WaitObserver } from '../jobs/waitObserver.ts';
import type { DescribedSetting } from '../config/describe.ts';
import type { RefusedOrigins } from './refusedOrigins.ts';
import type { ActivityWindow } from '../readmodel/activity/activityWindow.ts';

/** The parts that `buildApi` creates. */
type OwnParts = 'workers' | 'lastClaims' | 'attemptDurations' | 'watch' | 'recent' | 'onTaskEnded';

/** The ports and settings of the use cases, and those that only HTTP needs. */
export interface ApiOptions extends Omit<JobsContext, OwnParts> {
  readonly queue: Pick<TaskQueue, 'depth' | 'pause' | 'resume' | 'paused'>;
  readonly heartbeats: Pick<Heartbeats, 'watch' | 'sendCancellation' | 'requestProviderChecks'>;
  /** Sign links to jobs. */
  readonly linkKeys: LinkKeys;
  readonly deliveries: WebhookDeliveries;
  readonly metrics: ApiMetrics;
  /** Fed by the follower from its start. */
  readonly activity: ActivityWindow;
  /** Of this process, with secrets masked; default: none are shown. */
  readonly settings?: readonly DescribedSetting[];
  readonly logger: Logger;
  /** Default: traces are off. */
  readonly tracer?: Tracer;
  /** The address of a trace in the tracing system, with `{traceId}`; absent: jobs have no links to their traces. */
  readonly traceUrl?: string | undefined;
  /** `off` admits every client as tenant `default`. */
  readonly auth: TokenStore | 'off';
  /** Verifies the tokens of an OpenID Connect issuer. */
  readonly oidc?: OidcTokens | undefined;
  /** Signs people in to the console at that issuer; absent: they enter a token. */
  readonly issuerSignIn?: IssuerSignIn | undefined;
  /** Identifies tokens that `auth` and `oidc` do not know; the caller closes it. */
  readonly kubernetes?: KubernetesTokens | undefined;
  /** Shares the counts of requests with other API processes, so that limits hold for all of them; absent: there are no others. */
  readonly requestCounts?: RequestCounts;
  /** The API's public address, for `Location`; if absent, `Location` is a path. */
  readonly publicUrl?: string;
  readonly corsOrigins: readonly string[];
  /** The address that the API listens on; default: a loopback address. */
  readonly listensOn?: string;
  /** Of this process, as in logs; default: `api`. */
  readonly processName?: string;
  /** Of the machine; clients may call an API without authentication by this name. */
  readonly hostname?: string;
  /** The limits of event streams; tests lower them. */
  readonly events?: EventStreamLimits;
  /** Where this process serves its metrics; absent: the console shows no link to them. */
  readonly metricsUrl?: string;
  /** The built files of the console; absent: the API serves no console. */
  readonly consoleFolder?: URL | undefined;
  /** Shown in `/openapi.json` and in the console. */
  readonly version?: string;
}

export interface EventStreamLimits {
  /** A comment is sent after this silence, ms; default 3 s. */
  readonly keepAliveMs?: number;
  /** A client that reads nothing for this long is disconnected, ms; default 30 s. */
  readonly stalledMs?: number;
  /** How many of the stream's last messages are kept in memory for clients that reconnect; default 10,000. */
  readonly recent?: number;
  /** A client that missed more messages gets a snapshot instead; default 100,000. */
  readonly maxMissed?: number;
}

export interface ApiContext extends ApiOptions, Pick<JobsContext, OwnParts> {
  readonly waits: WaitObserver;
  readonly overdue: OverdueTally;
  readonly refusedOrigins: RefusedOrigins;
  /** Aborts when the API closes: ends every wait. */
  readonly closing: AbortSignal;
}

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, Logger, ZodTypes>;

/** Requests and answers have the types of the zod schemas of their route. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}
