// What a route tells the OpenAPI document besides its schemas: in `schema`, next to them.

import type { FastifyContextConfig, FastifySchema } from 'fastify';
import type { ErrorCode } from '../../job/errors/index.ts';
import type { AnswerHeader } from './headers.ts';

/** The groups of operations, in the order in which the document shows them. */
export const tags = {
  jobs: 'Submit jobs, read, change and explain them.',
  events: 'Follow jobs as server-sent events.',
  artifacts: 'Download results, and upload reference images.',
  webhooks: 'Deliveries of webhooks that were given up.',
  workers: 'Pools and workers.',
  health: 'The state of the installation and of this process.',
} as const;

interface DescribedAnswer {
  readonly says: string;
  readonly headers?: readonly AnswerHeader[];
  /** The operations that take the `id` of the answer. */
  readonly links?: readonly string[];
}

declare module 'fastify' {
  interface FastifySchema {
    operationId?: string;
    summary?: string;
    description?: string;
    /** Of `tags`. */
    tags?: readonly string[];
    /** Not in the document. */
    hide?: boolean;
    /** A body that is not JSON. */
    consumes?: readonly string[];
    /** The successful answers, by status. */
    answers?: Readonly<Record<number, DescribedAnswer>>;
    /** The error codes of the route, besides those that every route of its kind has. */
    problems?: readonly ErrorCode[];
  }
}

export interface DocumentedRoute {
  readonly method: string;
  /** As Fastify writes it: `/v1/jobs/:id`. */
  readonly url: string;
  readonly schema: FastifySchema;
  readonly config: Pick<FastifyContextConfig, 'scope' | 'acrossTenants' | 'readableByLink'>;
}
