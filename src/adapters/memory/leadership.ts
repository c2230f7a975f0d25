// Leadership among the candidates of one process: the first in line leads until it gives up.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Leadership } from '../../ports/leadership.ts';

export interface MemoryLeadership extends Leadership {
  /** Takes leadership away from whoever has it, as a lost connection would. */
  depose(): void;
}

/** All candidates campaign on the same one. */
export function memoryLeadership(): MemoryLeadership {
  let turn: Promise<void> = Promise.resolve();
  let term = new AbortController();
  const leadOnce = async (lead: (signal: AbortSignal) => Promise<void>, outer: AbortSignal): Promise<void> => {
    if (outer.aborted) return;
    term = new AbortController();
    await lead(AbortSignal.any([outer, term.signal])).catch(() => undefined);
  };
  return {
    depose: () => term.abort(new Error('deposed')),
    campaign: async (_name, lead, signal) => {
      while (!signal.aborted) {
        // In line behind all who came before. Who is told to stop while in line leaves it at once.
        let leads = false;
        const mine = turn.then(() => {
          leads = !signal.aborted;
          return leadOnce(lead, signal);
        });
        turn = mine;
        const told = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        await Promise.race([mine, told]);
        if (leads) await mine;
        await nextTurn();
      }
    },
  };
}
