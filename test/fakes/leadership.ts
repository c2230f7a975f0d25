// Leadership among the candidates of one process: the first in line leads until it resigns, or until a test ends its term.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { whenAborted } from '../../src/async/abort.ts';
import type { Leadership, LeaderRole } from '../../src/ports/leadership.ts';

export interface FakeLeadership extends Leadership {
  /** Ends the term of the role's leader, as a lost connection would. */
  depose(role?: LeaderRole): void;
  /** From now on no more than so many terms begin; any number before the first call. */
  allow(terms: number): void;
}

/** All candidates of an installation campaign on the same one. */
export function fakeLeadership(): FakeLeadership {
  const lines = new Map<LeaderRole, Promise<void>>();
  const terms = new Map<LeaderRole, AbortController>();
  let left = Infinity;
  let allowed = Promise.withResolvers<void>();
  const termIsFree = async (signal: AbortSignal): Promise<void> => {
    while (left === 0 && !signal.aborted) await Promise.race([allowed.promise, whenAborted(signal)]);
  };
  return {
    depose: (role = 'controller') => terms.get(role)?.abort(new Error('deposed')),
    allow: (count) => {
      left = count;
      allowed.resolve();
      allowed = Promise.withResolvers();
    },
    campaign: async ({ role }, lead, signal) => {
      const leadOnce = async (): Promise<void> => {
        await termIsFree(signal);
        if (signal.aborted) return;
        left -= 1;
        const term = new AbortController();
        terms.set(role, term);
        await lead(AbortSignal.any([signal, term.signal])).catch(() => undefined);
      };
      while (!signal.aborted) {
        // Behind all candidates that came before. One that is stopped while in line leaves at once.
        let leads = false;
        const mine = (lines.get(role) ?? Promise.resolve()).then(() => {
          leads = !signal.aborted;
          return leadOnce();
        });
        lines.set(role, mine);
        await Promise.race([mine, whenAborted(signal)]);
        if (leads) await mine;
        await nextTurn();
      }
    },
  };
}
