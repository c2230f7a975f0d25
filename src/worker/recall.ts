// Word from others that a task is no longer ours: its call is aborted, and nothing is written.

import type { Heartbeats } from '../ports/heartbeats.ts';
import type { Logger } from '../telemetry/log.ts';
import { sleep } from '../async/sleep.ts';
import type { Roster } from './roster.ts';

export interface RecallOptions {
  readonly name: string;
  readonly heartbeats: Heartbeats;
  readonly roster: Roster;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Listens until the signal aborts; never rejects. A recall that is missed comes again in answer to a beat. */
export async function followRecalls({ name, heartbeats, roster, logger, signal }: RecallOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const recall of heartbeats.recalls(name, signal)) roster.recall(recall);
    } catch (err) {
      if (!signal.aborted) logger.warn({ err }, 'Recalls cannot be heard; listening again in a second');
    }
    if (!signal.aborted) await sleep(1_000, signal);
  }
}
