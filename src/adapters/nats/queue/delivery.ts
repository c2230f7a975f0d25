// Turns a pulled message into a delivery of a spec, which is acknowledged or given back.

import { nanos, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Delivery, SpecEntry } from '../../../ports/taskQueue.ts';
import { deliveryInfo } from '../jetstream/pull.ts';
import type { Skipped } from '../log/follow.ts';
import { decodeEntry } from '../stream/codec.ts';

export interface Received {
  /** Undefined for a message that this process cannot handle: it was given back. */
  readonly delivery: Delivery | undefined;
  /** How many specs of the lane were never delivered. */
  readonly pending: number;
}

/** Delay before a message of a newer schema is offered again, to a process that understands it, ms. */
const newerSchemaDelay = 30_000;

export function receive(connection: NatsConnection, message: Msg, onSkipped: (why: Skipped) => void): Received {
  const { sequence, at, deliveries, pending } = deliveryInfo(message.reply!);
  const decoded = decodeEntry({ sequence, at, headers: message.headers, data: message.data });
  if (decoded.kind !== 'entry' || decoded.entry.state.state !== 'queued') {
    onSkipped(decoded.kind === 'newer' ? 'newerSchema' : 'garbage');
    nak(connection, message, newerSchemaDelay);
    return { delivery: undefined, pending };
  }
  const delivery: Delivery = {
    entry: decoded.entry as SpecEntry,
    redelivered: deliveries > 1,
    ack: () => reply(connection, message, '+ACK'),
    nak: (delay) => nak(connection, message, delay),
    working: () => reply(connection, message, '+WPI'),
  };
  return { delivery, pending };
}

function nak(connection: NatsConnection, message: Msg, delay: number): void {
  reply(connection, message, delay <= 0 ? '-NAK' : `-NAK {"delay":${Math.round(nanos(delay))}}`);
}

/** If the reply is lost, the message is delivered again after the ack wait. */
function reply(connection: NatsConnection, message: Msg, text: string): void {
  try {
    connection.publish(message.reply!, text);
  } catch {
    // The connection is closed.
  }
}
