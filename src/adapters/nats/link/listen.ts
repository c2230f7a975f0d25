// Subscriptions to messages that nothing stores.

import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { NatsLink } from './connection.ts';

/**
 * Undefined if the connection is closed, whose `subscribe` would throw: callers that come back from waiting for an answer may
 * find it closed, and notice that in their next request. An error is a permission violation, which the link logs.
 */
export function subscribeIfOpen(
  connection: NatsConnection,
  subject: string,
  callback: (error: Error | null, message: Msg) => void,
): Subscription | undefined {
  if (connection.isClosed() || connection.isDraining()) return undefined;
  return connection.subscribe(subject, { callback });
}

/** Calls `accept` for each message. A message that `accept` rejects is logged and dropped. */
export function listen(
  { connection, log }: NatsLink,
  subject: string,
  accept: (bytes: Uint8Array) => boolean,
): () => void {
  const subscription = subscribeIfOpen(connection, subject, (error, message) => {
    // The link logs permission violations.
    if (error === null && !accept(message.data))
      log.debug({ subject: message.subject }, 'Dropped an unreadable message');
  });
  return () => {
    if (subscription?.isClosed() === false && !connection.isClosed()) subscription.unsubscribe();
  };
}
