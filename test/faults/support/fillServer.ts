// Fills a nats-server up to its max_file_store with messages of a stream that belongs to nobody.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import type { NatsServer } from '../../support/natsServer.ts';

/** Resolves with what frees the space again. */
export async function fillServer(nats: Pick<NatsServer, 'url'>): Promise<() => Promise<unknown>> {
  const connection = await connect({ servers: nats.url });
  onTestFinished(() => connection.close());
  const { streams } = await jetstreamManager(connection);
  await streams.add({ name: 'filler', subjects: ['filler'] });
  const piece = new Uint8Array(512 * 1024);
  for (let size = piece.length; size >= 64; size = Math.floor(size / 2)) {
    for (;;) {
      const answer = await connection.request('filler', piece.subarray(0, size), { timeout: 5_000 });
      if (answer.json<{ error?: object }>().error !== undefined) break;
    }
  }
  return () => streams.delete('filler');
}
