// What a delivered message's reply subject says of it.

import type { Instant, Sequence } from '../../../job/task.ts';

export interface DeliveryFacts {
  readonly deliveries: number;
  readonly sequence: Sequence;
  /** Counts what the consumer delivered, from 1. */
  readonly consumerSequence: number;
  readonly at: Instant;
  /** How many messages the consumer had left to deliver after this one. */
  readonly pending: number;
}

/** `$JS.ACK.<stream>.<consumer>.<facts>`, or with domain and account after `ACK` and a token at the end. */
export function deliveryFacts(reply: string): DeliveryFacts {
  const parts = reply.split('.');
  const from = parts.length === 9 ? 4 : 6;
  return {
    deliveries: Number(parts[from]),
    sequence: Number(parts[from + 1]),
    consumerSequence: Number(parts[from + 2]),
    at: Number(parts[from + 3]!.slice(0, -6)),
    pending: Number(parts[from + 4]),
  };
}
