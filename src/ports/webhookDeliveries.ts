// The store of webhook deliveries. Like a task, a delivery is what its last record says, and each record is written on the
// condition that the writer has seen the one before.

import type { JobId } from '../job/ids.ts';
import type { Sequence } from '../job/time.ts';
import type { WebhookDelivery } from '../job/webhooks/delivery.ts';
import type { Position } from './jobLog.ts';

export interface StoredDelivery {
  readonly delivery: WebhookDelivery;
  /** Of its last record in the store. */
  readonly sequence: Sequence;
}

export interface DeliveryPage {
  readonly items: readonly StoredDelivery[];
  /** Read on after this sequence; null at the end. */
  readonly next: Sequence | null;
}

export interface WebhookDeliveries {
  /**
   * Writes the delivery if its last record is at `expected`; 0 means that it has none. Returns the new record's sequence,
   * or undefined if the last record is another one. Throws `Unavailable` or `StorageFull`.
   */
  write(delivery: WebhookDelivery, expected: Sequence): Promise<Sequence | undefined>;
  /** From the leader of the store. Throws `Unavailable`. */
  find(tenant: string, id: string): Promise<StoredDelivery | undefined>;
  /**
   * The records of pending deliveries after a sequence, in the order of their last records. It never skips one that another
   * process has written, but may see it a moment later; a record may have been replaced meanwhile.
   */
  pending(after: Sequence, limit: number): Promise<readonly StoredDelivery[]>;
  /** The dead deliveries of a tenant, or of all for `*`, oldest first. */
  dead(tenant: string, after: Sequence, limit: number): Promise<DeliveryPage>;
  /** The pending and the dead deliveries of a job, at most 500 of each. */
  ofJob(tenant: string, job: JobId): Promise<readonly StoredDelivery[]>;
  countDead(): Promise<number>;
  /** Up to where the log of tasks has been turned into deliveries. */
  position(): Promise<Position | undefined>;
  savePosition(position: Position): Promise<void>;
}
