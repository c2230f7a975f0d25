// Leadership among the candidates of one process: the first in line leads until it gives up.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Leadership, LeaderRole } from '../../src/ports/leadership.ts';

type Lead = (signal: AbortSignal) => Promise<void>;

export interface FakeLeadership extends Leadership {
  /** Ends the term of the role's leader, as a lost connection would. */
  depose(role?: LeaderRole): void;
}

/** All candidates of an installation campaign on the same one. */
export function fakeLeadership(): FakeLeadership {
  const turns = new Map<LeaderRole, Promise<void>>();
  const terms = new Map<LeaderRole, AbortController>();
  const leadOnce = async (role: LeaderRole, lead: Lead, outer: AbortSignal): Promise<void> => {
    if (outer.aborted) return;
    const term = new AbortController();
    terms.set(role, term);
    await lead(AbortSignal.any([outer, term.signal])).catch(() => undefined);
  };
  return {
    depose: (role = 'controller') => terms.get(role)?.abort(new Error('deposed')),
    campaign: async ({ role }, lead, signal) => {
      while (!signal.aborted) {
        // In line behind all who came before. Who is told to stop while in line leaves it at once.
        let leads = false;
        const mine = (turns.get(role) ?? Promise.resolve()).then(() => {
          leads = !signal.aborted;
          return leadOnce(role, lead, signal);
        });
        turns.set(role, mine);
        const told = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        await Promise.race([mine, told]);
        if (leads) await mine;
        await nextTurn();
      }
    },
  };
}
