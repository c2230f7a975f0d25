// One pulled message as a delivery of a spec, and the two words that the queue understands about it.

import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Delivery, SpecEntry } from '../../../ports/taskQueue.ts';
import { decodeEntry } from '../stream/codec.ts';
import type { Skipped } from '../log/follow.ts';
import { deliveryFacts } from '../jetstream/pullReply.ts';

export interface Received {
  /** Undefined for a message that must be left alone: it was given back. */
  readonly delivery: Delivery | undefined;
  /** How many specs the lane has left that were never delivered. */
  readonly pending: number;
}

/** A message of a newer schema waits this long for a process that understands it, ms. */
const forNewerProcesses = 30_000;

export function receive(connection: NatsConnection, message: Msg, onSkipped: (why: Skipped) => void): Received {
  const { sequence, at, deliveries, pending } = deliveryFacts(message.reply!);
  const decoded = decodeEntry({ sequence, at, headers: message.headers, data: message.data });
  if (decoded.kind !== 'entry' || decoded.entry.state.state !== 'queued') {
    onSkipped(decoded.kind === 'newer' ? 'newerSchema' : 'garbage');
    giveBack(connection, message, forNewerProcesses);
    return { delivery: undefined, pending };
  }
  const delivery: Delivery = {
    entry: decoded.entry as SpecEntry,
    redelivered: deliveries > 1,
    done: () => tell(connection, message, '+ACK'),
    giveBack: (delay) => giveBack(connection, message, delay),
  };
  return { delivery, pending };
}

function giveBack(connection: NatsConnection, message: Msg, delay: number): void {
  tell(connection, message, delay <= 0 ? '-NAK' : `-NAK {"delay":${Math.round(delay * 1_000_000)}}`);
}

/** A word that gets lost, or cannot be sent, is a redelivery after the ack wait. */
function tell(connection: NatsConnection, message: Msg, word: string): void {
  try {
    connection.publish(message.reply!, word);
  } catch {
    // The connection is closed: nobody will wait for the word.
  }
}
