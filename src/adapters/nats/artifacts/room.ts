// Whether the store takes another artifact, asked before a worker pays for one: the account, the limit of the stream, and after a
// failed write whether the server writes again.

import { GenwardenError } from '../../../job/errors/index.ts';
import { streamInfo } from '../jetstream/api.ts';
import { roomInAccount } from '../jetstream/accountRoom.ts';
import { once } from '../jetstream/retry.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import { writeError } from '../jetstream/unansweredWrites.ts';
import type { NatsLink } from '../link/connection.ts';

/** A share of the stream's limit: one more picture may not fit above it. */
const fullFrom = 0.95;
const reuseFor = 1_000;

/** A check that throws `StorageFull`, or what asking NATS throws. It asks at most once a second. */
export function artifactRoom(link: NatsLink, stream: string): () => Promise<void> {
  let asked: Promise<void> | undefined;
  let askedAt = -Infinity;
  return async () => {
    if (asked === undefined || performance.now() - askedAt > reuseFor) {
      askedAt = performance.now();
      asked = check(link, stream);
    }
    await asked;
  };
}

async function check(link: NatsLink, stream: string): Promise<void> {
  await roomInAccount(link, 'artifacts', 0);
  const marks = storageOf(link);
  const { config, state } = await streamInfo(link, stream, once);
  if (config.max_bytes > 0 && state.bytes > fullFrom * config.max_bytes) {
    const words = `${Math.floor((100 * state.bytes) / config.max_bytes)} % of ${config.max_bytes} bytes are used`;
    marks.refused('artifacts', 'artifacts', words);
    throw new GenwardenError('StorageFull', `The artifact store is full: ${words}.`);
  }
  marks.hasRoom('artifacts', 'artifacts');
  if (!marks.has('disk', 'artifacts')) return;
  const words = await writeError(link, stream);
  if (words === undefined || words === null) return marks.hasRoom('disk', 'artifacts');
  marks.refused('disk', 'artifacts', words);
  throw new GenwardenError('StorageFull', `The disk of the NATS server is full: ${words}.`);
}
