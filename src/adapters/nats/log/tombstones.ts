// Tombstones in the stream of tasks, beside the concurrency keys: the stream drops them after the retention, and the operator's
// user may write there.

import { createHash } from 'node:crypto';
import { headers as newHeaders } from '@nats-io/transport-node';
import type { Tombstones } from '../../../ports/tombstones.ts';
import { publishConditionally } from '../jetstream/publish.ts';
import type { NatsLink } from '../link/connection.ts';
import { headerNames, schemaVersion } from '../stream/codec.ts';
import { keySubject } from '../stream/subjects.ts';
import { leaderMessage } from './entries.ts';

/** The stream exists already: `natsJobLog` makes sure. */
export function natsTombstones(link: NatsLink): Tombstones {
  const write = async (key: string, body: string): Promise<void> => {
    const headers = newHeaders();
    headers.append(headerNames.schema, schemaVersion);
    // The last of two writers wins; they write the same.
    await publishConditionally(link, { subject: subjectOf(link, key), headers, body });
  };
  return {
    find: async (key) => {
      const message = await leaderMessage({ link, now: Date.now }, { last_by_subj: subjectOf(link, key) });
      const text = message === undefined ? '' : new TextDecoder().decode(message.data);
      return text === '' ? undefined : text;
    },
    put: write,
    clear: (key) => write(key, ''),
  };
}

/** Concurrency keys hash the name of a tenant first, which has no NUL. */
const subjectOf = ({ prefix }: NatsLink, key: string): string =>
  keySubject(prefix, createHash('sha256').update(`\0tombstone\0${key}`).digest('hex').slice(0, 40));
