// The calls about the installation: pools, workers, stuck tasks, and the API's own checks.

import { Requests, type CallOptions, type ClientOptions } from './http/request.ts';
import type { Activity, Setting } from './types/activity.ts';
import type { Checklist, FixedTask, StuckFilter, StuckList } from './types/explain.ts';
import type { PausedPool, Pool, Worker } from './types/pool.ts';
import type { WebhookDelivery } from './types/webhook.ts';

export class AdministrationClient {
  /** @internal */
  protected readonly requests: Requests;

  /** Throws `TypeError` for an address that is none. */
  constructor(options: ClientOptions) {
    this.requests = new Requests(options);
  }

  /** The tenant's tasks now, and the last hour by minute. */
  activity(options: CallOptions = {}): Promise<Activity> {
    return this.requests.json({ method: 'GET', path: '/v1/activity' }, options);
  }

  /** The settings of the API process, with secrets masked. Needs the scope `admin`. */
  settings(options: CallOptions = {}): Promise<Setting[]> {
    return this.items('/v1/settings', options);
  }

  /** The workers, and for a minute those that stopped or were lost. */
  workers(options: CallOptions = {}): Promise<Worker[]> {
    return this.items('/v1/workers', options);
  }

  pools(options: CallOptions = {}): Promise<Pool[]> {
    return this.items('/v1/pools', options);
  }

  /** Stops the pool from starting tasks, for a time such as `30m` or until resumed. Needs the scope `admin`. Not retried. */
  pausePool(
    pool: string,
    { for: length, ...options }: CallOptions & { for?: string | undefined } = {},
  ): Promise<PausedPool> {
    const body = length === undefined ? {} : { for: length };
    return this.requests.json({ method: 'POST', path: `${poolPath(pool)}/pause`, body }, options);
  }

  /** Not retried. */
  resumePool(pool: string, options: CallOptions = {}): Promise<Pool> {
    return this.requests.json({ method: 'POST', path: `${poolPath(pool)}/resume`, body: {} }, options);
  }

  /** The webhook deliveries that were given up, oldest first. */
  async *deadWebhooks(options: CallOptions = {}): AsyncGenerator<WebhookDelivery, void, undefined> {
    for (let cursor: string | undefined; ;) {
      const request = { method: 'GET', path: '/v1/webhooks/dead', query: { cursor, limit: '300' } } as const;
      const page = await this.requests.json<{ items: WebhookDelivery[]; next: string | null }>(request, options);
      yield* page.items;
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  /** Sends a dead delivery again, with the same id. Not retried. */
  resendWebhook(id: string, options: CallOptions = {}): Promise<WebhookDelivery> {
    const path = `/v1/webhooks/dead/${encodeURIComponent(id)}/resend`;
    return this.requests.json({ method: 'POST', path, body: {} }, options);
  }

  /** The API's checks of the installation. `provider: false`: no worker calls its provider, which would be free. */
  doctor({ provider, ...options }: CallOptions & { provider?: boolean | undefined } = {}): Promise<Checklist> {
    const query = provider === undefined ? {} : { provider: String(provider) };
    return this.requests.json({ method: 'GET', path: '/v1/doctor', query }, options);
  }

  /** Overdue tasks, and open tasks that have made no progress for a long time. */
  stuck({ olderThan, jobId, pool }: StuckFilter = {}, options: CallOptions = {}): Promise<StuckList> {
    return this.requests.json({ method: 'GET', path: '/v1/stuck', query: { olderThan, jobId, pool } }, options);
  }

  /** Fails stuck tasks, each only if it has not changed since it was read. Not retried. */
  async failStuck(
    tasks: readonly { job: string; task: number; sequence: number }[],
    options: CallOptions = {},
  ): Promise<FixedTask[]> {
    const seen = tasks.map(({ job, task, sequence }) => ({ job, task, sequence }));
    const request = { method: 'POST', path: '/v1/stuck/fix', body: { tasks: seen } } as const;
    return (await this.requests.json<{ items: FixedTask[] }>(request, options)).items;
  }

  /** @internal */
  protected async items<T>(path: string, options: CallOptions): Promise<T[]> {
    return (await this.requests.json<{ items: T[] }>({ method: 'GET', path }, options)).items;
  }
}

const poolPath = (pool: string): string => `/v1/pools/${encodeURIComponent(pool)}`;
