// Several messages that are stored together or not at all: an atomic batch, sent in one go, answered once.

import { nuid } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { patiently, tryTimeout } from '../jetstream/api.ts';
import { judge, type PubAck, type PublishAnswer, type Publishable } from '../jetstream/publish.ts';
import { nobodyThere, type Requests } from '../jetstream/requests.ts';

/** Batches that a dead client left open block others for 10 s; a submit outlasts them. */
const batchPatience = 14_000;

/** Too many batches are open, or some of this one's messages did not arrive or were refused for that. */
const batchAgain = new Set([10_210, 10_176, 10_211]);

/**
 * Publishes all or none; the sequences are contiguous, `sequence` is that of the last. Tried again under another batch
 * id until answered; throws `StorageFull`, or `Unavailable` after 14 s.
 */
export function publishBatch(
  connection: NatsConnection,
  requests: Requests,
  messages: readonly Publishable[],
): Promise<PublishAnswer> {
  return patiently(`a batch of ${messages.length}`, () => publishOnce(connection, requests, messages), batchPatience);
}

async function publishOnce(
  connection: NatsConnection,
  requests: Requests,
  messages: readonly Publishable[],
): Promise<PublishAnswer | undefined> {
  // The client would send the beginning of a batch when the connection is back, and nobody its end.
  if (!requests.canSend()) return undefined;
  const batch = nuid.next();
  const last = messages.length - 1;
  for (const [index, { subject, headers, body }] of messages.entries()) {
    headers.set('Nats-Batch-Id', batch);
    headers.set('Nats-Batch-Sequence', String(index + 1));
    // Only the commit is answered. Waiting for the answer to the first, as the client does, allows 50 at once.
    if (index < last) connection.publish(subject, body, { headers });
  }
  const commit = messages[last]!;
  commit.headers.set('Nats-Batch-Commit', '1');
  const { subject, headers, body: payload } = commit;
  const answer = await requests.one({ subject, headers, payload, timeout: 2 * tryTimeout });
  if (answer === undefined || nobodyThere(answer)) return undefined;
  const ack = answer.json<PubAck>();
  return batchAgain.has(ack.error?.err_code ?? 0) ? undefined : judge(ack);
}
