// What the aggregated API needs of the process that serves it.

import type { CancelContext } from '../jobs/cancel.ts';
import type { JobsContext } from '../jobs/context.ts';
import type { Monotonic } from '../job/time.ts';
import type { AccessReviews, KubeUser } from '../ports/apiDelegation.ts';
import type { Logger } from '../telemetry/log.ts';

export type WatchedJobs = Pick<JobsContext, 'log' | 'follower' | 'clock' | 'recent'>;

export interface KubeApiContext extends WatchedJobs, CancelContext {
  readonly reviews: AccessReviews;
  readonly monotonic: () => Monotonic;
  readonly logger: Logger;
  /** Aborts when the process shuts down: it ends every watch. */
  readonly closing: AbortSignal;
  /** Between bookmarks, ms; default 30 s. */
  readonly bookmarkEveryMs?: number;
}

export interface KubeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  /** Whom the front proxy names; undefined for requests that did not come through it. */
  readonly user: KubeUser | undefined;
  /** Rejects when it is too long. */
  readonly body: () => Promise<string>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

export interface KubeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncIterable<string>;
}

export const jsonAnswer = (status: number, body: object, contentType = 'application/json'): KubeAnswer => ({
  status,
  headers: { 'content-type': contentType },
  body: JSON.stringify(body),
});
