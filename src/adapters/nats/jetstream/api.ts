// Asking the JetStream API: answers of one JSON object, tried again while the cluster has no leader to give them.

import { setTimeout as pause } from 'node:timers/promises';
import { GenwardenError } from '../../../job/errors/index.ts';
import { nobodyThere, type Requests } from './requests.ts';

export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export type ApiAnswer<T> = T & { readonly error?: ApiError };

/** How long a call is tried altogether, ms: a leader that was killed is replaced within 6 to 8 s. */
const patience = 10_000;
/** How long one try may take, ms. */
export const tryTimeout = 2_000;

/**
 * One call of `$JS.API.<method>`, tried until there is an answer that is final. Errors of kind 4xx are answers.
 * Throws `Unavailable` after `patience`.
 */
export async function askApi<T>(requests: Requests, method: string, body: unknown): Promise<ApiAnswer<T>> {
  const question = { subject: `$JS.API.${method}`, payload: JSON.stringify(body), timeout: tryTimeout };
  return patiently(`$JS.API.${method}`, async () => {
    const answer = await requests.one(question);
    if (answer === undefined || nobodyThere(answer)) return undefined;
    const parsed = answer.json<ApiAnswer<T>>();
    return parsed.error !== undefined && parsed.error.code >= 500 ? undefined : parsed;
  });
}

/** Tries until `attempt` has a result, with growing pauses; throws `Unavailable` when patience runs out. */
export async function patiently<T>(what: string, attempt: () => Promise<T | undefined>, limit = patience): Promise<T> {
  const giveUpAt = performance.now() + limit;
  for (let wait = 25; ; wait = Math.min(wait * 2, 500)) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() >= giveUpAt) {
      throw new GenwardenError('Unavailable', `NATS did not answer ${what} within ${limit / 1000} s.`);
    }
    // Jitter, so that many who were refused at once do not come back at once.
    await pause(wait * (0.5 + Math.random()));
  }
}
