// Cancellations: other processes say that a task no longer belongs to this worker. Its call is aborted and nothing is written.

import { sleep } from '../async/sleep.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { Logger } from '../telemetry/log.ts';
import type { HeldTasks } from './heldTasks.ts';

export interface CancellationOptions {
  readonly name: string;
  readonly heartbeats: Heartbeats;
  readonly heldTasks: HeldTasks;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Listens until the signal aborts; never rejects. A missed cancellation is repeated in answer to the next heartbeat. */
export async function followCancellations({
  name,
  heartbeats,
  heldTasks,
  logger,
  signal,
}: CancellationOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const cancellation of heartbeats.cancellations(name, signal)) heldTasks.cancel(cancellation);
    } catch (err) {
      if (!signal.aborted) logger.warn({ err }, 'Cannot receive cancellations; subscribing again in a second');
    }
    if (!signal.aborted) await sleep(1_000, signal);
  }
}
