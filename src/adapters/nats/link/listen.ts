// Subscriptions to messages that nothing stores.

import type { NatsLink } from './connection.ts';

/** Calls `accept` for each message. A message that `accept` rejects is logged and dropped. */
export function listen(
  { connection, log }: NatsLink,
  subject: string,
  accept: (bytes: Uint8Array) => boolean,
): () => void {
  const subscription = connection.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) log.warn({ err: error, subject }, `NATS does not let this process subscribe to ${subject}`);
      else if (!accept(message.data)) log.debug({ subject: message.subject }, 'Dropped an unreadable message');
    },
  });
  return () => {
    if (!subscription.isClosed() && !connection.isClosed()) subscription.unsubscribe();
  };
}
