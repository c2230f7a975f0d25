// Leadership among the candidates of one process: the first in line leads until it gives up.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Leadership, Office } from '../../src/ports/leadership.ts';

type Lead = (signal: AbortSignal) => Promise<void>;

export interface FakeLeadership extends Leadership {
  /** Takes the office away from whoever has it, as a lost connection would. */
  depose(office?: Office): void;
}

/** All candidates of an installation campaign on the same one. */
export function fakeLeadership(): FakeLeadership {
  const turns = new Map<Office, Promise<void>>();
  const terms = new Map<Office, AbortController>();
  const leadOnce = async (office: Office, lead: Lead, outer: AbortSignal): Promise<void> => {
    if (outer.aborted) return;
    const term = new AbortController();
    terms.set(office, term);
    await lead(AbortSignal.any([outer, term.signal])).catch(() => undefined);
  };
  return {
    depose: (office = 'controller') => terms.get(office)?.abort(new Error('deposed')),
    campaign: async ({ office }, lead, signal) => {
      while (!signal.aborted) {
        // In line behind all who came before. Who is told to stop while in line leaves it at once.
        let leads = false;
        const mine = (turns.get(office) ?? Promise.resolve()).then(() => {
          leads = !signal.aborted;
          return leadOnce(office, lead, signal);
        });
        turns.set(office, mine);
        const told = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        await Promise.race([mine, told]);
        if (leads) await mine;
        await nextTurn();
      }
    },
  };
}
