// What the steps of a worker share: its options, and the parts that live as long as it does.

import type { Beater } from './beat.ts';
import type { Journal } from './journal.ts';
import type { KeysInHand } from './keysInHand.ts';
import type { WorkerOptions } from './options.ts';
import type { Pace } from './pace.ts';
import type { Roster } from './roster.ts';
import type { Slots } from './slots.ts';

export interface Parts {
  readonly options: WorkerOptions;
  readonly slots: Slots;
  readonly keys: KeysInHand;
  readonly roster: Roster;
  readonly beater: Beater;
  readonly journal: Journal;
  readonly pace: Pace;
  /** Aborts when no more work may be claimed. */
  readonly stopped: AbortSignal;
  /** Aborts when the worker ends, whatever is still unanswered. */
  readonly ended: AbortSignal;
}
