// How NATS and logs know a provider key: by a keyed fingerprint, which tells nothing of the key without the installation's
// salt, and next to nothing with it.

import { createHmac, randomBytes } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import { isConflict } from '../jetstream/errors.ts';
import type { NatsLink } from '../link/connection.ts';
import { untilAnswered } from '../jetstream/untilAnswered.ts';

const key = 'salt';

/** The installation's salt, made by the first process that asks. */
export async function installationSalt(link: NatsLink, kv: KV): Promise<string> {
  for (;;) {
    const known = await untilAnswered(link, "The installation's salt cannot be read", () => kv.get(key));
    if (known !== null) return known.string();
    const salt = randomBytes(32).toString('hex');
    try {
      await untilAnswered(link, "The installation's salt cannot be kept", () => kv.put(key, salt, { previousSeq: 0 }));
      return salt;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** 16 hexadecimal digits of the key's HMAC-SHA-256. */
export const fingerprintOf = (secret: string, salt: string): string =>
  createHmac('sha256', salt).update(secret).digest('hex').slice(0, 16);
