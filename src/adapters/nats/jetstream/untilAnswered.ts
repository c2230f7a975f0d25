// Questions of a process that starts: asked again while JetStream has no leader or is only being set up, as after a leader
// is lost none answers for some seconds.

import { setTimeout as pause } from 'node:timers/promises';
import { GenwardenError } from '../../../job/errors/index.ts';
import { isConflict, isRefusal, portError } from './errors.ts';
import type { NatsLink } from '../link/connection.ts';
import { denialIn } from '../link/rights.ts';

const patience = 60_000;
const askAgainAfter = 250;

/**
 * What `work` resolves with, in the end. A refusal is thrown at once, as `NatsUnsuitable` with `what` as its cause, and so
 * is a conflict, as it is, and `NatsPermissionDenied`; `Unavailable` when there is no answer for a minute, or the link closes.
 */
export async function untilAnswered<T>(
  link: Pick<NatsLink, 'whileConnected' | 'closing'>,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patience;
  for (;;) {
    try {
      return await link.whileConnected(work);
    } catch (error) {
      if ((error instanceof GenwardenError && error.code === 'NatsUnsuitable') || isConflict(error)) throw error;
      if (denialIn(error) !== undefined) throw portError(error, 'NatsPermissionDenied', what);
      const late = performance.now() > giveUpAt || link.closing.aborted;
      if (late || isRefusal(error)) throw portError(error, 'NatsUnsuitable', what);
    }
    await pause(askAgainAfter);
  }
}
