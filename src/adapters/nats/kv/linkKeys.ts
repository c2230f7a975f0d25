// The keys that sign links to jobs: one record in a bucket that only API processes may read. Each process keeps a copy for a
// few seconds, so that removing the record makes all links invalid soon.

import { randomBytes } from 'node:crypto';
import { headers } from '@nats-io/transport-node';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { keysFrom, type LinkKey } from '../../../job/linkKeys.ts';
import { after, longAgo, type Monotonic, type Sequence } from '../../../job/time.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { LinkKeys } from '../../../ports/linkKeys.ts';
import { isStreamNotFound, portError } from '../jetstream/errors.ts';
import { expect, publishConditionally } from '../jetstream/publish.ts';
import { leaderRead } from '../jetstream/reads.ts';
import type { NatsLink } from '../link/connection.ts';
import { mayCreateStream } from '../stream/ensure.ts';
import { openBucket } from './bucket.ts';

export const linksBucket = 'links';

/** ms for which a copy of the keys is used without reading them again. */
const freshFor = 10_000;
/** ms between two reads for unknown keys: links that name invented keys must not make the process read more often. */
const searchEvery = 1_000;

interface Copy {
  readonly keys: readonly LinkKey[];
  /** Of the record; 0: none was ever stored. */
  readonly revision: Sequence;
  readonly readAt: Monotonic;
}

/** Opens nothing before the first use: a process can start before the controller has created the bucket. */
export function natsLinkKeys(link: NatsLink, clock: Pick<Clock, 'now' | 'monotonic'>): LinkKeys {
  const subject = `$KV.${link.prefix}_${linksBucket}.signing`;
  const stream = `KV_${link.prefix}_${linksBucket}`;
  let copy: Copy = { keys: [], revision: 0, readAt: longAgo };
  let reading: Promise<Copy> | undefined;

  return {
    current: async () => {
      for (let known = await copyOf(freshFor); ; known = await copyOf(0)) {
        const keys = keysFrom(known.keys, clock.now(), () => newKey(clock.now()));
        if (keys === known.keys || (await store(keys, known.revision))) return keys[0]!;
      }
    },
    find: async (id) => {
      const known = (await copyOf(freshFor)).keys.find((key) => key.id === id);
      return known ?? (await copyOf(searchEvery)).keys.find((key) => key.id === id);
    },
  };

  /** A copy that was read at most `maxAge` ms ago. */
  function copyOf(maxAge: number): Promise<Copy> {
    if (clock.monotonic() < after(copy.readAt, maxAge)) return Promise.resolve(copy);
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  }

  async function read(): Promise<Copy> {
    const readAt = clock.monotonic();
    const message = await withBucket(link, stream, () => leaderRead(link, stream, { last_by_subj: subject }));
    copy = { keys: message === undefined ? [] : parse(message.data), revision: message?.sequence ?? 0, readAt };
    return copy;
  }

  /** False if another process wrote first, or if this write was stored although its first answer was lost. */
  async function store(keys: readonly LinkKey[], revision: Sequence): Promise<boolean> {
    const body = JSON.stringify({ keys: keys.map(written) });
    const readAt = clock.monotonic();
    const message = { subject, headers: expect(headers(), { sequence: revision }), body };
    const { answer, sequence } = await publishConditionally(link, message);
    if (answer === 'stored') copy = { keys, revision: sequence, readAt };
    return answer === 'stored';
  }
}

/** Creates the bucket if this process may. Throws `NotReady` if the controller still has to. */
async function withBucket<T>(link: NatsLink, stream: string, work: () => Promise<T>): Promise<T> {
  const what = 'The keys that sign links cannot be read';
  try {
    return await work();
  } catch (error) {
    if (!isStreamNotFound(error)) throw portError(error, 'Unavailable', what);
    if (!mayCreateStream(link, stream)) {
      throw new GenwardenError('NotReady', `The controller has not created the bucket ${stream} for links yet`);
    }
    await openBucket(link, linksBucket);
    return work();
  }
}

const newKey = (now: number): LinkKey => ({
  id: randomBytes(6).toString('hex'),
  secret: new Uint8Array(randomBytes(32)),
  since: now,
});

const written = ({ id, secret, since }: LinkKey) => ({ id, secret: Buffer.from(secret).toString('base64url'), since });

const record = z.object({
  keys: z.array(z.object({ id: z.string(), secret: z.base64url().length(43), since: z.number() })),
});

/** A record that cannot be read counts as missing, as one that was deleted does: a new key then replaces it. */
function parse(data: Uint8Array): readonly LinkKey[] {
  try {
    const { keys } = record.parse(JSON.parse(new TextDecoder().decode(data)));
    return keys.map((key) => ({ ...key, secret: new Uint8Array(Buffer.from(key.secret, 'base64url')) }));
  } catch {
    return [];
  }
}
