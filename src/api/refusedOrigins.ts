// The origins of pages that called this API lately although they may not (CORS), for `genwarden doctor`. The browser hides the
// reason from the page, so its developer sees only a failed request.

import type { Instant } from '../job/task.ts';

export interface RefusedOrigin {
  readonly origin: string;
  readonly requests: number;
  readonly last: Instant;
}

/** Any client can send any origin: this bounds what it can leave here. */
const mostOrigins = 20;
const longestOrigin = 200;
/** ms. */
const rememberedFor = 3_600_000;

export class RefusedOrigins {
  readonly #now: () => Instant;
  /** The one that called last comes last. */
  readonly #origins = new Map<string, { requests: number; last: Instant }>();

  constructor(now: () => Instant) {
    this.#now = now;
  }

  /** `origin`: the header. Texts that no browser sends as the origin of a page are ignored. */
  note(origin: string): void {
    if (origin.length > longestOrigin || !/^https?:\/\/[\w.:[\]-]+$/.test(origin)) return;
    const requests = (this.#origins.get(origin)?.requests ?? 0) + 1;
    this.#origins.delete(origin);
    this.#origins.set(origin, { requests, last: this.#now() });
    const [oldest] = this.#origins.keys();
    if (this.#origins.size > mostOrigins) this.#origins.delete(oldest!);
  }

  /** Of the last hour, the latest first. */
  recent(): readonly RefusedOrigin[] {
    const since = this.#now() - rememberedFor;
    for (const [origin, { last }] of this.#origins) if (last < since) this.#origins.delete(origin);
    return [...this.#origins].map(([origin, seen]) => ({ origin, ...seen })).toReversed();
  }
}
