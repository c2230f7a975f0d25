// Counts each submit once: stored, replayed, refused or failed, and the last two by error code as well. Clients choose the name of
// the pool, so only pools that exist are labels.

import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../job/errors/index.ts';
import type { PoolRegistry } from '../ports/poolRegistry.ts';
import { otherLabel } from '../telemetry/labels.ts';
import type { ApiMetrics } from '../telemetry/metrics.ts';
import { statusOf } from './problem.ts';

export interface SubmitCountsOptions {
  readonly pools: Pick<PoolRegistry, 'find' | 'onChange'>;
  readonly metrics: Pick<ApiMetrics, 'submits' | 'submitsRefused'>;
  /** The codes whose series begin at 0 for every pool. */
  readonly usualCodes: readonly ErrorCode[];
  readonly closing: AbortSignal;
}

export class SubmitCounts {
  readonly #options: SubmitCountsOptions;
  /** The handler frees the body, and what happens to a submit after it was stored is no matter of this metric. */
  readonly #counted = new WeakSet<FastifyRequest>();

  constructor(options: SubmitCountsOptions) {
    this.#options = options;
    this.#beginAtZero(otherLabel);
    options.pools.onChange(({ name }) => this.#beginAtZero(name), options.closing);
  }

  stored(request: FastifyRequest, replayed: boolean): void {
    this.#count(request, replayed ? 'replayed' : 'stored');
  }

  /** Does nothing if the submit has been counted. */
  refused(request: FastifyRequest, code: ErrorCode): void {
    if (this.#counted.has(request)) return;
    this.#count(request, statusOf(code) < 500 ? 'refused' : 'failed');
    this.#options.metrics.submitsRefused.inc({ pool: this.#poolOf(request), code });
  }

  #count(request: FastifyRequest, outcome: string): void {
    this.#counted.add(request);
    this.#options.metrics.submits.inc({ pool: this.#poolOf(request), outcome });
  }

  /** A body that was refused may be anything. */
  #poolOf({ body }: FastifyRequest): string {
    const { pool = 'default' } = (body ?? { pool: '' }) as { pool?: unknown };
    return typeof pool === 'string' && this.#options.pools.find(pool) !== undefined ? pool : otherLabel;
  }

  #beginAtZero(pool: string): void {
    const { metrics, usualCodes } = this.#options;
    for (const outcome of ['stored', 'replayed', 'refused', 'failed']) metrics.submits.inc({ pool, outcome }, 0);
    for (const code of usualCodes) metrics.submitsRefused.inc({ pool, code }, 0);
  }
}
