// Pulls messages from a consumer, and reads the delivery metadata in their reply subjects.

import { nanos } from '@nats-io/transport-node';
import type { Instant, Sequence } from '../../../job/time.ts';
import type { NatsLink } from '../link/connection.ts';

export interface PullRequest {
  /** How many messages to deliver at most. */
  readonly batch: number;
  /** Deliver only what is there now. */
  readonly noWait?: boolean;
  /** How long the server keeps the pull open, ms. */
  readonly expires?: number;
  /** How often the server reports that the pull is still open, ms. */
  readonly heartbeatEvery?: number;
}

/** Sends a pull that delivers to `inbox`; false if the connection is closed. */
export function sendPull(
  { connection, apiPrefix }: Pick<NatsLink, 'connection' | 'apiPrefix'>,
  consumer: { readonly stream: string; readonly name: string },
  { batch, noWait, expires, heartbeatEvery }: PullRequest,
  inbox: string,
): boolean {
  const body = {
    batch,
    ...(noWait === undefined ? {} : { no_wait: noWait }),
    ...(expires === undefined ? {} : { expires: nanos(expires) }),
    ...(heartbeatEvery === undefined ? {} : { idle_heartbeat: nanos(heartbeatEvery) }),
  };
  const subject = `${apiPrefix}.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.name}`;
  try {
    connection.publish(subject, JSON.stringify(body), { reply: inbox });
    return true;
  } catch {
    return false;
  }
}

export interface DeliveryInfo {
  readonly deliveries: number;
  readonly sequence: Sequence;
  /** Counts the consumer's deliveries, from 1. */
  readonly consumerSequence: number;
  readonly at: Instant;
  /** How many messages the consumer had left to deliver after this one. */
  readonly pending: number;
}

/**
 * Reads the reply subject: `$JS.ACK.<stream>.<consumer>.<…>`, or with domain and account after `ACK` and a token at the
 * end.
 */
export function deliveryInfo(reply: string): DeliveryInfo {
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
