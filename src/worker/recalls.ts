// Cancellations: other processes say that a task no longer belongs to this worker. Its call is aborted and nothing is written.

import type { Heartbeats } from '../ports/heartbeats.ts';
import type { Logger } from '../telemetry/log.ts';
import { sleep } from '../async/sleep.ts';
import type { HeldTasks } from './heldTasks.ts';

export interface RecallOptions {
  readonly name: string;
  readonly heartbeats: Heartbeats;
  readonly heldTasks: HeldTasks;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Listens until the signal aborts; never rejects. A missed recall is repeated in answer to the next heartbeat. */
export async function followRecalls({ name, heartbeats, heldTasks, logger, signal }: RecallOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const recall of heartbeats.recalls(name, signal)) heldTasks.recall(recall);
    } catch (err) {
      if (!signal.aborted) logger.warn({ err }, 'Cannot receive cancellations; subscribing again in a second');
    }
    if (!signal.aborted) await sleep(1_000, signal);
  }
}
