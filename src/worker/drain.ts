// The way out: no more claims, attempts that end in time finish, the rest is handed back by publishing their specs again.

import type { Parts } from './parts.ts';
import { AttemptAborted } from './roster.ts';

const drainTimeout = 25_000;
const handBack = 3_000;

/**
 * Resolves when nothing is held any more. Attempts have `drainTimeoutMs`; then they are aborted, and their hand-back has
 * `handBackMs`. To be called once `parts.stopped` has aborted. Never rejects.
 */
export async function drainHeld({ roster, options }: Parts): Promise<void> {
  const { drainTimeoutMs = drainTimeout, handBackMs = handBack } = options;
  await roster.empty(AbortSignal.timeout(drainTimeoutMs));
  roster.abortAll(new AttemptAborted('drained', 'The worker shuts down'));
  await roster.empty(AbortSignal.timeout(handBackMs));
}
